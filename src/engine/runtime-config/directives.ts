import type { Directive } from './directive.ts'
import { DATA_DIRECTIVES } from './tables/data.ts'
import { NETWORK_DIRECTIVES } from './tables/network.ts'
import { PERSISTENCE_DIRECTIVES } from './tables/persistence.ts'
import { PROCESS_DIRECTIVES } from './tables/process.ts'
import { REPLICATION_DIRECTIVES } from './tables/replication.ts'

/** Names, bounds and defaults of Redis 7.0 (config.c), all of them. */
export const DIRECTIVES: readonly Directive[] = [
  ...NETWORK_DIRECTIVES,
  ...DATA_DIRECTIVES,
  ...PROCESS_DIRECTIVES,
  ...PERSISTENCE_DIRECTIVES,
  ...REPLICATION_DIRECTIVES,
]
