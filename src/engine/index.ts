export { Engine } from './engine.ts'
export type { EngineOptions } from './engine-options.ts'
export { MAXMEMORY_POLICIES } from './keyspace/eviction.ts'
export { EngineReplyError, type Reply } from './protocol/value-writer.ts'
export type { EngineReplication, ReplicaCounts } from './replication/engine-replication.ts'
export {
  type ConfFiles,
  readConfiguration,
  type ServerConfiguration,
} from './runtime-config/conf-file.ts'
export { DirectiveError } from './runtime-config/directive-line.ts'
export type { EmbeddedClient, EmbeddedSetOptions } from './server/embedded-client.ts'
export { ENGINE_VERSION } from './version.ts'
