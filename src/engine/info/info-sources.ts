import type { ConfigService, EngineServices } from '../execution/context.ts'
import type { Executor } from '../execution/executor.ts'
import type { MemoryUse } from '../introspection/memory-use.ts'
import type { ActiveExpiry } from '../keyspace/active-expiry.ts'
import type { Eviction } from '../keyspace/eviction.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import type { LoadProgress } from '../persistence/load-progress.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { RespServer } from '../server/resp-server.ts'

export type Fields = readonly (readonly [name: string, value: string | number])[]

/** What the sections of INFO are read from. Functions give what is joined later. */
export interface InfoSources {
  readonly runId: string
  readonly replicationFields: () => Fields
  readonly startedMs: number
  /** The path of redis.conf; empty without one. */
  readonly configFile: string
  readonly keyspace: Keyspace
  readonly eviction: Eviction
  readonly expiry: ActiveExpiry
  readonly memory: MemoryUse
  readonly config: ConfigService
  readonly persistence: () => Persistence
  /** Of the memory in use, what eviction does not count. */
  readonly uncountedBytes: () => number
  /** Of a copy of the primary's, while one is loaded. */
  readonly copyProgress: () => LoadProgress | undefined
  readonly executor: () => Executor
  readonly server: () => RespServer
  readonly services: () => EngineServices
}
