import type { Keyspace } from '../keyspace/keyspace.ts'
import type { SnapshotListener } from '../keyspace/snapshot-guard.ts'
import { NONE } from '../memory/slab.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { Client } from './client.ts'
import type { Command } from './command.ts'
import { findKeys, KeyPositions } from './command-keys.ts'
import { type GuardedCall, mayChange } from './guard.ts'

/** How long one value is waited for; after that it is written down at once, and everybody waits. */
const WAIT_MS_MAX = 5_000

export interface LargeChangesOptions {
  readonly keyspace: Keyspace
  /** While a snapshot is taken. */
  readonly onSwitched: (isTaken: boolean) => void
  /** Those who wait are to try again, but not within what runs now. */
  readonly onTryAgain: () => void
}

/**
 * Commands that would change a large value while a snapshot has still to write it down: they wait until it has. For a
 * million elements that takes hundreds of milliseconds, in which otherwise nobody would be served.
 */
export class LargeChanges implements SnapshotListener {
  readonly #options: LargeChangesOptions
  readonly #keys = new KeyPositions()
  /** Since when somebody waits, and no value has been written down. */
  #sinceMs: number | undefined

  constructor(options: LargeChangesOptions) {
    this.#options = options
  }

  /** Whether the call is to wait. A script's keys are those that it declares. */
  stops(call: GuardedCall): boolean {
    const { keyspace } = this.#options
    if (keyspace.snapshot === undefined || isQueueing(call)) return false
    if (!mayChange(call) || !this.#hastensAny(call)) return false
    this.#sinceMs ??= keyspace.nowMs
    return keyspace.nowMs - this.#sinceMs < WAIT_MS_MAX
  }

  /** Ends waiting that has been too long. */
  advance(nowMs: number): void {
    const sinceMs = this.#sinceMs
    if (sinceMs !== undefined && nowMs - sinceMs >= WAIT_MS_MAX) this.#options.onTryAgain()
  }

  switched(isTaken: boolean): void {
    this.#options.onSwitched(isTaken)
    if (!isTaken) this.preserved()
  }

  preserved(): void {
    if (this.#sinceMs === undefined) return
    this.#sinceMs = undefined
    this.#options.onTryAgain()
  }

  #hastensAny({ client, command, argv }: GuardedCall): boolean {
    if (command.fullName !== 'exec') return this.#hastensKeys(client, command, argv)
    const queued = client.transaction?.commands ?? []
    return queued.some((one) => this.#hastensKeys(client, one.command, one.argv))
  }

  #hastensKeys(client: Client, command: Command, argv: ArgumentVector): boolean {
    const { keyspace } = this.#options
    const database = keyspace.database(client.databaseIndex)
    const keys = this.#keys
    findKeys(command, { argv, offset: 0 }, keys)
    for (let index = 0; index < keys.count; index += 1) {
      if (keys.flags(index).includes('RO')) continue
      const at = keys.position(index)
      const record = database.held(argv.bytes, argv.start(at), argv.length(at))
      if (record !== NONE && keyspace.snapshot?.hasten(database, record) === true) return true
    }
    return false
  }
}

/** What is queued changes nothing yet. */
function isQueueing({ client, command }: GuardedCall): boolean {
  return client.transaction !== undefined && command.fullName !== 'exec'
}
