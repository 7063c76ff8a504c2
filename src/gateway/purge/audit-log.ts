import type { EntryCount } from './entry-census.ts'
import type { PurgeOrder } from './purge-order.ts'

/** Who asked for a purge or a revocation, as far as it can be told without naming a secret. */
export interface Actor {
  readonly via: 'admin' | 'hasura-api'
  /** The place of the secret in auth.admin_secrets, from 1 on; `undefined` when none is configured. */
  readonly secret: number | undefined
  /** Of the other end of the connection. */
  readonly address: string
}

export interface AuditRecord {
  readonly at: string
  readonly who: Actor
  readonly what: PurgeOrder['what']
  readonly mode: PurgeOrder['mode']
  readonly isDryRun: boolean
  readonly why: string | undefined
  /** `undefined` when the purge failed. */
  readonly concerned: EntryCount | undefined
  /** `owed`: the store was not there, and will be told as soon as it is. */
  readonly outcome: 'done' | 'owed' | 'failed'
}

/** What was done last, the newest first. Older ones are in the log. */
export class AuditLog<Done> {
  readonly #recordsMax: number
  readonly #records: Done[] = []

  constructor(recordsMax: number) {
    this.#recordsMax = recordsMax
  }

  add(record: Done): void {
    this.#records.push(record)
    if (this.#records.length > this.#recordsMax) this.#records.shift()
  }

  list(): readonly Done[] {
    return this.#records.toReversed()
  }
}
