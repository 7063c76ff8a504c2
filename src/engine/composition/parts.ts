import type { Acl } from '../acl/acl.ts'
import type { CompleteOptions } from '../engine-options.ts'
import type { ClientMemory } from '../execution/client-memory.ts'
import type { ClientPause } from '../execution/client-pause.ts'
import type { ClientRegistry } from '../execution/client-registry.ts'
import type { CommandTable } from '../execution/command-table.ts'
import type { EngineServices } from '../execution/context.ts'
import type { DebugSettings } from '../execution/debug-settings.ts'
import type { Executor } from '../execution/executor.ts'
import type { Guard } from '../execution/guard.ts'
import type { LargeChanges } from '../execution/large-changes.ts'
import type { Propagation } from '../execution/propagation.ts'
import type { Shutdown } from '../execution/shutdown.ts'
import type { Turn } from '../execution/turn.ts'
import type { MemoryUse } from '../introspection/memory-use.ts'
import type { ActiveExpiry } from '../keyspace/active-expiry.ts'
import type { Eviction } from '../keyspace/eviction.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import type { Migrations } from '../migration/migrations.ts'
import type { AppendOnlyLog } from '../persistence/append-only-log.ts'
import type { CommitGate } from '../persistence/commit-gate.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { RdbFiles } from '../persistence/rdb-files.ts'
import type { ValueReader } from '../persistence/value-reader.ts'
import type { ValueWriter } from '../persistence/value-writer.ts'
import type { Channels } from '../pubsub/channels.ts'
import type { CopyLoader } from '../replication/copy-loader.ts'
import type { Replication } from '../replication/replication.ts'
import type { RuntimeConfig } from '../runtime-config/runtime-config.ts'
import type { Scripting } from '../scripting/scripting.ts'
import type { RespServer } from '../server/resp-server.ts'

/** Everything an engine is made of. */
export interface EngineParts {
  readonly runId: string
  readonly options: CompleteOptions
  readonly config: RuntimeConfig
  readonly keyspace: Keyspace
  readonly eviction: Eviction
  readonly expiry: ActiveExpiry
  readonly memory: MemoryUse
  readonly turn: Turn
  readonly clients: ClientRegistry
  readonly clientMemory: ClientMemory
  readonly channels: Channels
  readonly pause: ClientPause
  readonly largeChanges: LargeChanges
  readonly debug: DebugSettings
  readonly propagation: Propagation
  readonly commands: CommandTable
  readonly guards: SwitchedGuards
  readonly scripting: Scripting
  readonly storage: Storage
  readonly replication: Replication
  readonly migrations: Migrations
  readonly acl: Acl
  readonly services: EngineServices
  readonly executor: Executor
  readonly server: RespServer
  readonly gate: CommitGate
  readonly shutdown: Shutdown
  /** Of a script that takes long. */
  readonly scriptStep: NodeJS.Immediate | undefined
  /** Goes on with what a pause, a script or a snapshot held back: what the primary says, and answers of targets. */
  resumeSoon(): void
}

/** Guards that are on while something is the matter. */
export interface SwitchedGuards {
  readonly memory: Guard
  readonly pause: Guard
  readonly writeError: Guard
  readonly busy: Guard
  readonly largeChanges: Guard
}

/** Values as files, DUMP and copies hold them. */
export interface Codec {
  readonly writer: ValueWriter
  readonly reader: ValueReader
}

/** What is kept on disk, and read from there. */
export interface Storage {
  readonly codec: Codec
  readonly files: RdbFiles
  readonly appendLog: AppendOnlyLog
  readonly persistence: Persistence
  readonly copyLoader: CopyLoader
}
