import type { Gateway } from '../gateway/index.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Store } from '../store/index.ts'

export interface AdminDependencies {
  readonly gateway: Gateway
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}
