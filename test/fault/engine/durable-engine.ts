import { execFileSync } from 'node:child_process'
import { CliProcess } from '../../support/cli-process.ts'
import { RawRespClient } from '../../support/raw-resp-client.ts'

/** `gerbang engine` on one folder, killed and started again. */
export class DurableEngine {
  readonly #folder: string
  readonly #directives: readonly string[]
  readonly #environment: Readonly<Record<string, string>>
  #process: CliProcess | undefined
  #port = 0
  #pid = 0

  constructor(
    folder: string,
    directives: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#folder = folder
    this.#directives = directives
    this.#environment = environment
  }

  get pid(): number {
    return this.#pid
  }

  get log(): string {
    return this.#process?.output ?? ''
  }

  /** Everything there is has been loaded. */
  async start(): Promise<void> {
    const fixed = ['--port', '0', '--dir', this.#folder, '--save', '', '--appendonly', 'yes']
    const started = new CliProcess(['engine', ...fixed, ...this.#directives], this.#environment)
    this.#process = started
    const printed = await started.printed(/Ready to accept connections/)
    this.#port = Number(/port=(\d+)/.exec(printed)?.[1])
    this.#pid = Number(/PID: (\d+)/.exec(printed)?.[1])
  }

  connect(): Promise<RawRespClient> {
    return RawRespClient.connect(this.#port)
  }

  /** As a power cut ends it, but for what the system has in memory. */
  async kill(): Promise<void> {
    await this.#process?.stop('SIGKILL')
  }

  /** Once it has ended by itself. */
  async ended(): Promise<number | undefined> {
    return await this.#process?.ended()
  }

  /** No file of this process may be larger; without a size there is room again. */
  limitFiles(bytes?: number): void {
    const size = bytes === undefined ? 'unlimited' : `${bytes}`
    execFileSync('prlimit', ['--pid', `${this.#pid}`, `--fsize=${size}:unlimited`])
  }
}
