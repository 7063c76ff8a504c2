import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'

const MAIN = resolve('dist/cli/main.js')

/** `gerbang …` as built, in a process of its own; nothing of this environment reaches it but PATH. */
export class CliProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #exited: Promise<unknown>
  #output = ''
  #errors = ''

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { PATH = '', HOME = '' } = process.env
    this.#child = spawn(process.execPath, [MAIN, ...args], { env: { PATH, HOME, ...environment } })
    this.#exited = once(this.#child, 'close')
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString()
    })
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString()
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get output(): string {
    return this.#output
  }

  get errors(): string {
    return this.#errors
  }

  /** Everything printed so far, once it matches; throws when the process ends before. */
  async printed(pattern: RegExp): Promise<string> {
    return await this.#until(pattern, this.#child.stdout, () => this.#output)
  }

  /** The same of standard error, where the log goes. */
  async logged(pattern: RegExp): Promise<string> {
    return await this.#until(pattern, this.#child.stderr, () => this.#errors)
  }

  /** All of its standard input. */
  input(text: string): void {
    this.#child.stdin.end(text)
  }

  /** The exit code, `undefined` when a signal ended the process. */
  async ended(): Promise<number | undefined> {
    await this.#exited
    return this.#child.exitCode ?? undefined
  }

  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Sends the signal, once, and waits for the end. */
  async stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' = 'SIGINT'): Promise<number | undefined> {
    if (this.#child.exitCode === null) this.#child.kill(signal)
    return await this.ended()
  }

  async #until(pattern: RegExp, stream: Readable, text: () => string): Promise<string> {
    while (!pattern.test(text())) {
      await Promise.race([once(stream, 'data'), this.#exited])
      const end = this.#child.exitCode ?? this.#child.signalCode
      if (end !== null && !pattern.test(text())) {
        throw new Error(`ended with ${end}: ${this.#output}${this.#errors}`)
      }
    }
    return text()
  }
}
