export { askRole, type NoRole, type PrimaryAddress, type RoleReport } from './ask-role.ts'
export { connectStore, type StoreOptions, type StoreParts } from './connect-store.ts'
export { EmbeddedStore } from './embedded-store.ts'
export { EngineGroup } from './engine-group.ts'
export { findPrimary } from './find-primary.ts'
export { type PrimaryConnection, RemotePrimary } from './primary-connection.ts'
export { RemoteStore, type RemoteStoreOptions } from './remote-store.ts'
export { ReplicatedStore, type ReplicatedStoreOptions, type Role } from './replicated-store.ts'
export type { ReplicationDemand } from './replication-demand.ts'
export type { Sharing, SharingStatus } from './sharing.ts'
export {
  argumentBytes,
  type Procedure,
  type ProcedureArgument,
  type ProcedureDatabase,
  type ProcedureReply,
  type SetOptions,
  type Store,
  StoreError,
  type StoreErrorCode,
} from './store.ts'
export { parseStoreUrl, type RemoteAddress, type StoreAddress } from './store-url.ts'
