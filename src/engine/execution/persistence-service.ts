import type { Database, Handle } from '../keyspace/database.ts'

/** How closely a payload is looked at; what cannot be read safely is never taken. */
export type PayloadTrust = 'believed' | 'checked' | 'counted'

/** Values as bytes, for DUMP, RESTORE and MIGRATE. */
export interface ValueCodec {
  /** DUMP's payload of the value; valid until the next one. */
  dump(database: Database, record: Handle): DumpedValue
  /** Whether a payload is whole, and of a version that is known. */
  isIntact(payload: Uint8Array): boolean
  /**
   * Reads the value of a payload that is whole; false when it is damaged. Then comes `store` or `discard`.
   */
  read(payload: Uint8Array, trust: PayloadTrust): boolean
  /** Packed structures of which it was counted that they were checked. */
  readonly sanitizations: number
  /** Gives what was read to the key, whatever that was, without expiry. */
  store(database: Database, key: Uint8Array, start: number, length: number): Handle
  discard(): void
}

export interface DumpedValue {
  readonly bytes: Uint8Array
  readonly length: number
}

/** What a command answers: a status, or an error. */
export type Outcome = { readonly status: string } | { readonly error: string }

export interface ReloadOptions {
  /** Keys of the file may be there already. */
  readonly merges: boolean
  readonly keepsKeys: boolean
  readonly skipsSaving: boolean
}

/** What is done before the end of the process. */
export interface FinalSave {
  readonly saves: 'yes' | 'no' | 'asConfigured'
  /** Failures are told, and keep nothing from ending. */
  readonly isForced: boolean
}

/** The data set on disk: `engine.ts` joins it to the engine (persistence/persistence.ts). */
export interface PersistenceService {
  /** Commands have to wait until everything is in memory. */
  readonly isLoading: boolean
  /** The last save that succeeded, in seconds of the Unix epoch. */
  readonly lastSaveSeconds: number
  /** Why nothing may be written now, as an error's text. */
  readonly writeError: string | undefined
  /** Snapshots begun, for which Redis forks: INFO's total_forks. */
  snapshotsTaken: number
  /** SAVE: everything stands still meanwhile. */
  save(): Outcome
  /** BGSAVE, which waits its turn when it is scheduled or part of a transaction. */
  saveInBackground(how: {
    readonly isScheduled: boolean
    readonly isInTransaction: boolean
  }): Outcome
  /** BGREWRITEAOF. */
  rewriteLog(isInTransaction: boolean): Outcome
  /** DEBUG RELOAD. */
  reload(options: ReloadOptions): Outcome
  /** DEBUG LOADAOF. */
  reloadLog(): Outcome
  /** All keys were flushed: a save under way is of no use any more. */
  flushed(): void
  /** Puts on disk what has to be there at the end; false when that failed, and nothing may end. */
  prepareShutdown(how: FinalSave): Promise<boolean>
}
