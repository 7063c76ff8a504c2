import type { Gateway, ProtectedStores } from '../gateway/index.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Store } from '../store/index.ts'

export interface AdminDependencies {
  readonly gateway: Gateway
  readonly store: Store
  /** As the gateway has them; statistics leave them out unless given. */
  readonly protectedStores?: ProtectedStores
  readonly clock: Clock
  readonly log: Logger
}
