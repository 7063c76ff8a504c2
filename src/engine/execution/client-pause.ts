import type { Client } from './client.ts'
import { type GuardedCall, mayChange } from './guard.ts'

/** What a pause stops: every command, or those that may change something. */
export type PauseKind = 'write' | 'all'

/**
 * CLIENT PAUSE: commands that come meanwhile wait, unread, and run when it is over. While it lasts nothing
 * expires and nothing is evicted, so that whoever took a copy before it has all there is.
 */
export class ClientPause {
  #kind: PauseKind | undefined
  #endsAtMs = 0
  /** Who stops writes until they say otherwise: no client can end that. */
  readonly #holders = new Set<string>()
  readonly #postponed = new Set<Client>()
  readonly #listeners: ((isPaused: boolean) => void)[] = []

  get isPaused(): boolean {
    return this.#kind !== undefined || this.#holders.size > 0
  }

  /** When it ends by itself; undefined while there is none. */
  get endsAtMs(): number | undefined {
    return this.#kind === undefined ? undefined : this.#endsAtMs
  }

  get postponedCount(): number {
    return this.#postponed.size
  }

  /** A second pause makes the first one longer or wider, never shorter. */
  start(kind: PauseKind, endsAtMs: number): void {
    this.#kind = this.#kind === 'all' ? 'all' : kind
    this.#endsAtMs = Math.max(this.#endsAtMs, endsAtMs)
    this.#tell()
  }

  /** Writes wait until `letGo` with the same name. */
  hold(name: string): void {
    this.#holders.add(name)
    this.#tell()
  }

  letGo(name: string): void {
    if (!this.#holders.delete(name)) return
    this.#tell()
    this.tryAgain()
  }

  /** Over, or never begun: those who were put off go on. */
  end(): void {
    if (this.#kind === undefined) return
    this.#kind = undefined
    this.#endsAtMs = 0
    this.#tell()
    this.tryAgain()
  }

  /** Those who were put off go on; who is still to wait is put off again. */
  tryAgain(): void {
    const postponed = [...this.#postponed]
    this.#postponed.clear()
    for (const client of postponed) client.output.release()
  }

  /** Ends it when its time has come. */
  advance(nowMs: number): void {
    if (this.#kind !== undefined && nowMs >= this.#endsAtMs) this.end()
  }

  stops(call: GuardedCall): boolean {
    if (!this.isPaused) return false
    if (this.#kind === 'all') return true
    return mayChange(call)
  }

  postpone(client: Client): void {
    this.#postponed.add(client)
  }

  forget(client: Client): void {
    this.#postponed.delete(client)
  }

  /** Told of each beginning and end. */
  onChange(listener: (isPaused: boolean) => void): void {
    this.#listeners.push(listener)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.isPaused)
  }
}
