import type { Rate } from '../introspection/rate.ts'
import type { Client } from './client.ts'
import type { CommandContext } from './context.ts'

/** How often replicas were served; INFO's sync_full and the like. */
export interface SyncTotals {
  full: number
  partial: number
  partialRefused: number
}

/** The bodies of the replication commands, and what others ask: `engine.ts` joins them (replication/replication.ts). */
export interface ReplicationService {
  readonly isReplica: boolean
  /** All data is being replaced by the primary's: `aside` of the old one, which is served until then. */
  readonly loadingKind: 'none' | 'exclusive' | 'aside'
  /** Commands of the primary that failed here: INFO's unexpected_error_replies. */
  readonly unexpectedErrors: number
  readonly totals: SyncTotals
  /** Bytes that the primary has sent: INFO's total_net_repl_input_bytes. */
  receivedBytes: number
  readonly receivedRate: Rate
  /** SYNC and PSYNC. */
  sync(context: CommandContext): void
  /** REPLCONF. */
  configure(context: CommandContext): void
  /** REPLICAOF and SLAVEOF. */
  replicaOf(context: CommandContext): void
  failover(context: CommandContext): void
  role(context: CommandContext): void
  wait(context: CommandContext): void
  /** DEBUG CHANGE-REPL-ID. */
  changeId(): void
  /** Bytes of the backlog. */
  readonly backlogBytes: number
  /** Bytes that are kept of the stream: for the backlog, and for replicas that are further behind. */
  readonly bufferBytes: number
  readonly replicaCount: number
  /** Those that have not acknowledged everything, as the log tells of them. */
  readonly laggingReplicas: readonly string[]
  /** Asks all of them how far they are. */
  requestAcknowledgements(): void
  /** DEBUG REPLICATE: a command that replicas get as it is. */
  replicate(parts: readonly Uint8Array[]): void
  /** Why the client may not write now, or undefined: READONLY, NOREPLICAS. */
  writeRefusal(client: Client): string | undefined
  /** Why the data is not to be shown: MASTERDOWN. */
  readonly staleError: string | undefined
}
