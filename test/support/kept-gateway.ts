import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Asked, ask, type Headers, send } from './ask.ts'
import { CliProcess } from './cli-process.ts'
import { JWT_KEY } from './gateway-options.ts'
import { eventually } from './wait-until.ts'

export const KEPT_SECRET = 'the secret of a gateway that keeps its data'
export const KEPT_ADMIN = { 'x-hasura-admin-secret': KEPT_SECRET }

const PORTS = ['--port', '0', '--admin-port', '0', '--host', '127.0.0.1']

/** `gerbang serve` on one data directory, stopped or killed, and started again. */
export class KeptGateway {
  readonly dataDirectory: string
  /** What is written there is read at the next start. */
  readonly configFile: string
  readonly #folder: string
  readonly #upstreamUrl: string
  #process: CliProcess | undefined
  #addresses: Readonly<Record<string, string>> = {}

  constructor(upstreamUrl: string, folder = mkdtempSync(join(tmpdir(), 'gerbang-kept-'))) {
    this.#upstreamUrl = upstreamUrl
    this.#folder = folder
    this.dataDirectory = join(folder, 'data')
    this.configFile = join(folder, 'gerbang.yaml')
    if (!existsSync(this.configFile)) writeFileSync(this.configFile, '{}\n')
  }

  /** Another gateway on the same directory. */
  sibling(): KeptGateway {
    return new KeptGateway(this.#upstreamUrl, this.#folder)
  }

  get url(): string {
    return this.#addresses['gateway'] ?? ''
  }

  get admin(): string {
    return this.#addresses['admin'] ?? ''
  }

  get cachePort(): number {
    return this.#portOf('redis')
  }

  get sessionsPort(): number {
    return this.#portOf('sessionsRedis')
  }

  /** Lines of this process, since it started. */
  get log(): string {
    return this.#process?.errors ?? ''
  }

  /** Its exit code, when it ends before it is ready. */
  async launch(...flags: readonly string[]): Promise<number | undefined> {
    this.#process = this.#spawn(flags)
    return await this.#process.ended()
  }

  /** Ready, with Hasura's metadata known. */
  async start(...flags: readonly string[]): Promise<void> {
    const started = this.#spawn(flags)
    this.#process = started
    const log = await started.logged(/"msg":"ready".*\n/)
    const line = log.split('\n').find((candidate) => candidate.includes('"msg":"ready"'))
    this.#addresses = JSON.parse(line ?? '')
    await eventually(async () => (await send(this.admin, '/readyz')).status === 200)
  }

  async stop(): Promise<number | undefined> {
    return await this.#process?.stop('SIGTERM')
  }

  /** As a power cut ends it, but for what the system has in memory. */
  async kill(): Promise<void> {
    await this.#process?.stop('SIGKILL')
  }

  async dispose(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async ask(query: string, headers: Headers = KEPT_ADMIN): Promise<Asked> {
    return await ask(this.url, query, headers)
  }

  async metric(line: RegExp): Promise<number> {
    const { text } = await send(this.admin, '/metrics', { headers: KEPT_ADMIN })
    return Number(line.exec(text)?.[1])
  }

  /** No file of this process may be larger; without a size there is room again. */
  limitFiles(bytes?: number): void {
    const size = bytes === undefined ? 'unlimited' : `${bytes}`
    execFileSync('prlimit', ['--pid', `${this.#process?.pid}`, `--fsize=${size}:unlimited`])
  }

  #portOf(listener: string): number {
    return Number(new URL(this.#addresses[listener] ?? '').port)
  }

  #spawn(flags: readonly string[]): CliProcess {
    const files = ['--config', this.configFile, '--data-dir', this.dataDirectory]
    return new CliProcess(['serve', ...PORTS, ...files, ...flags], {
      HASURA_GRAPHQL_ENDPOINT: this.#upstreamUrl,
      HASURA_GRAPHQL_ADMIN_SECRET: KEPT_SECRET,
      HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: JWT_KEY }),
      GERBANG_SESSIONS_REDIS_PORT: '0',
    })
  }
}
