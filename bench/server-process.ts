import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own, alone on the first core where the system lets us choose. */
export interface ServerProcess {
  readonly port: number
  /** CPU time taken so far, user and system, in microseconds. */
  cpuUs(): number
  rssBytes(): number
  /** How long its main thread has been ready to run and had to wait for a processor, in milliseconds. */
  queuedMs(): number
  /** What it has printed so far. */
  log(): string
  stop(): Promise<void>
}

/** A program and what it is called with first. */
export type Program = readonly [command: string, args: readonly string[]]

/** Where the servers run; what loads them runs on the other. */
export const SERVER_CORE = 0
export const LOAD_CORE = 1

const canPin = spawnSync('taskset', ['--version']).status === 0

/** Linux counts CPU time in ticks of 10 ms, on every architecture that Node.js runs on. */
const US_PER_TICK = 10_000
const PAGE_BYTES = 4_096
const USER_TIME = 11
const SYSTEM_TIME = 12
const RSS_PAGES = 21

/** Starts `program` of bench/ in Node.js; it tells its port by `process.send`. */
export async function startNode(
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const started = start(process.execPath, ['--import', 'tsx', path], environment)
  const port = await Promise.race([once(started.child, 'message'), failure(started, program)])
  return serverProcess(started, [started.child.pid ?? 0], Number(port[0]))
}

/** Starts a program that listens on `port` once `pidsOf` can name its working processes. */
export async function startProgram(
  command: string,
  argv: readonly string[],
  port: number,
  pidsOf: (mainPid: number) => Promise<readonly number[]>,
): Promise<ServerProcess> {
  const started = start(command, argv, {})
  const pids = await Promise.race([pidsOf(started.child.pid ?? 0), failure(started, command)])
  return serverProcess(started, pids, port)
}

/** What starts `program` on all cores, where threads or children of its own are a part of what it does. */
export function onAllCores([command, args]: Program): Program {
  return canPin ? ['taskset', ['-c', `0-${cpus().length - 1}`, command, ...args]] : [command, args]
}

/** Takes this process, which makes the load, off the servers' core. */
export function pinLoad(): void {
  if (canPin) spawnSync('taskset', ['-a', '-c', '-p', String(LOAD_CORE), String(process.pid)])
}

interface Started {
  readonly child: ChildProcess
  readonly logFolder: string
}

/** Its log goes to a file, as in production: a terminal would be a part of what is measured. */
function start(
  command: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Started {
  const logFolder = mkdtempSync(join(tmpdir(), 'gerbang-bench-'))
  const log = openSync(join(logFolder, 'log'), 'w')
  const pinned = ['-c', String(SERVER_CORE), command, ...argv]
  const [program, args] = canPin ? ['taskset', pinned] : [command, argv]
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', log, log, 'ipc'],
  })
  return { child, logFolder }
}

async function failure({ child, logFolder }: Started, name: string): Promise<never> {
  const [code] = await once(child, 'exit')
  throw new Error(`${name} ended with ${code} before it was ready:\n${readLog(logFolder)}`)
}

function readLog(folder: string): string {
  return readFileSync(join(folder, 'log'), 'utf8')
}

function serverProcess(
  { child, logFolder }: Started,
  pids: readonly number[],
  port: number,
): ServerProcess {
  const sum = (of: (fields: readonly string[]) => number): number =>
    pids.reduce((total, pid) => total + of(statOf(pid)), 0)
  return {
    port,
    cpuUs: () =>
      sum((fields) => field(fields, USER_TIME) + field(fields, SYSTEM_TIME)) * US_PER_TICK,
    rssBytes: () => sum((fields) => field(fields, RSS_PAGES)) * PAGE_BYTES,
    queuedMs: () => pids.reduce((total, pid) => total + queuedMs(pid), 0),
    log: () => readLog(logFolder),
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      rmSync(logFolder, { recursive: true, force: true })
    },
  }
}

/** Of a process' main thread, or of this one's: how long it had to wait for a processor, in milliseconds. */
export function queuedMs(pid: number | 'self'): number {
  const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')
  return Number(waitedNs) / 1e6
}

/** Of /proc/PID/stat, counted from the parenthesis that ends the program's name: see proc(5). */
function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function field(fields: readonly string[], index: number): number {
  return Number(fields[index])
}
