import type { CommandContext } from './context.ts'

/** What MIGRATE asks for. */
export interface MigrationRequest {
  readonly host: string
  readonly port: number
  /** The database of the target. */
  readonly databaseIndex: number
  /** How long the target may be silent. */
  readonly timeoutMs: number
  /** COPY: the keys stay here. */
  readonly copies: boolean
  /** REPLACE: whatever they are at the target. */
  readonly replaces: boolean
  /** AUTH's arguments, one or two of them. */
  readonly credentials: readonly Uint8Array[]
  /** Arguments that nobody shall read. */
  readonly redacted: readonly number[]
  readonly keys: readonly Buffer[]
}

/** Moves keys to another server: `engine.ts` joins it (migration/migrations.ts). */
export interface MigrationService {
  /** Connections to targets, used or kept: INFO's migrate_cached_sockets. */
  readonly connectionCount: number
  /** In place of a reply: the client waits for the target. */
  begin(context: CommandContext, request: MigrationRequest): void
}
