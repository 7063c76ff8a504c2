export { connectStore, type StoreOptions, type StoreParts } from './connect-store.ts'
export { EmbeddedStore } from './embedded-store.ts'
export { RemoteStore, type RemoteStoreOptions } from './remote-store.ts'
export type { ReplicationDemand } from './replication-demand.ts'
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
export { parseStoreUrl, type StoreAddress } from './store-url.ts'
