import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from '../test/support/free-port.ts'

/** The command line as built. */
export const ENGINE_MAIN = resolve('dist/cli/main.js')
const START_MS_MAX = 20_000
const STOP_MS_MAX = 5_000

/** A server of Redis' protocol in a process of its own, on loopback. */
export interface ServerProcess {
  readonly port: number
  readonly pid: number
  /** Whether it still takes connections and answers. */
  answers(): Promise<boolean>
  /** What it has written to standard output and standard error. */
  log(): string
  stop(): Promise<void>
}

/** `gerbang engine` as built. */
export function startEngine(args: readonly string[] = []): Promise<ServerProcess> {
  return start(process.execPath, [ENGINE_MAIN, 'engine'], args)
}

export function startRedisServer(args: readonly string[] = []): Promise<ServerProcess> {
  return start('redis-server', [], ['--save', '', ...args])
}

async function start(
  program: string,
  before: readonly string[],
  args: readonly string[],
): Promise<ServerProcess> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'gerbang-conformance-'))
  const logPath = join(folder, 'log')
  const fixed = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder]
  const output = openSync(logPath, 'w')
  const child = spawn(program, [...before, ...fixed, ...args], {
    cwd: folder,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const server: ServerProcess = {
    port,
    pid: child.pid ?? 0,
    answers: () => pings(port),
    log: () => readFileSync(logPath, 'utf8'),
    async stop() {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await ready(server, child)
  return server
}

async function ready(server: ServerProcess, child: ChildProcess): Promise<void> {
  let failure: Error | undefined
  child.once('error', (error) => {
    failure = error
  })
  const deadline = performance.now() + START_MS_MAX
  while (!(await server.answers())) {
    if (failure !== undefined) throw failure
    if (hasEnded(child) || performance.now() > deadline) {
      const log = server.log()
      await server.stop()
      throw new Error(`${child.spawnfile} did not start: ${log}`)
    }
    await sleep(50)
  }
}

/** Sends PING on a connection of its own; any reply will do, a password may be set. */
export async function pings(port: number, withinMs = 2_000): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const signal = AbortSignal.timeout(withinMs)
  try {
    await once(socket, 'connect', { signal })
    socket.write('PING\r\n')
    const [chunk]: unknown[] = await once(socket, 'data', { signal })
    return Buffer.isBuffer(chunk) && /^[+-]/.test(chunk.toString('latin1'))
  } catch {
    return false
  } finally {
    socket.on('error', () => undefined)
    socket.destroy()
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await ended
  clearTimeout(timer)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve_) => setTimeout(resolve_, ms))
}
