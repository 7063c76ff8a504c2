import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { nth } from '../shared/assert.ts'
import type { Startable } from '../shared/lifecycle.ts'

export interface DemoHasuraOptions {
  /** 0 picks a free port. */
  readonly port: number
  readonly adminSecret: string
  readonly jwtSecret: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborts a start that is still under way. */
  readonly stopSignal: AbortSignal
}

/** Relative to this file both in src/ and in dist/; only the built one is started. */
const MAIN = fileURLToPath(new URL('../demo/main.js', import.meta.url))
/** The first start builds the database from its migrations and seeds. */
const START_TIMEOUT_MS = 120_000
/** It has nothing to lose: its database is in memory. */
const STOP_TIMEOUT_MS = 5_000

/** The demo Hasura in a process of its own: Postgres in WebAssembly would take the gateway's turns. */
export class DemoHasura implements Startable {
  readonly name = 'demo Hasura'
  readonly #options: DemoHasuraOptions
  #child: ChildProcess | undefined
  #url = ''

  constructor(options: DemoHasuraOptions) {
    this.#options = options
  }

  /** Known once started. */
  get url(): string {
    return this.#url
  }

  async start(): Promise<void> {
    const { port, adminSecret, jwtSecret, environment, stopSignal } = this.#options
    await requireFreePort(port)
    const child = spawn(process.execPath, [MAIN, '--port', String(port)], {
      // A group of its own: Ctrl-C reaches the gateway only, which then stops this process in its turn.
      detached: true,
      // The child ends when its standard input does: it never outlives the gateway.
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...environment,
        HASURA_GRAPHQL_ADMIN_SECRET: adminSecret,
        HASURA_GRAPHQL_JWT_SECRET: jwtSecret,
      },
    })
    this.#child = child
    const limit = AbortSignal.any([AbortSignal.timeout(START_TIMEOUT_MS), stopSignal])
    try {
      this.#url = await readyUrl(child, limit)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const end = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await exited
    clearTimeout(end)
  }
}

/** The URL in the line that says the server listens. */
async function readyUrl(child: ChildProcess, limit: AbortSignal): Promise<string> {
  const output = child.stdout
  if (output === null) throw new Error('the demo Hasura has no output')
  const lines = createInterface({ input: output, signal: limit })
  for await (const line of lines) {
    const url = /https?:\/\/[^\s/"]+/.exec(line)
    if (url === null) continue
    output.resume()
    return nth(url, 0)
  }
  throw new Error(
    limit.aborted
      ? 'the demo Hasura did not start in time'
      : 'the demo Hasura ended before it was ready',
  )
}

/** The child would fail as well, but could not name the flag. */
async function requireFreePort(port: number): Promise<void> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    throw new Error(
      `port ${port} for the demo Hasura is in use; choose another with --hasura-port`,
      {
        cause: error,
      },
    )
  } finally {
    server.close()
  }
}
