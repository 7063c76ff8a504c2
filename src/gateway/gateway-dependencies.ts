import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Random } from '../shared/random.ts'
import type { Store } from '../store/index.ts'
import type { EventLoopDelay } from './limits/load-shedder.ts'

export interface GatewayDependencies {
  readonly store: Store
  /** Where a full cache displaces nothing; `store` as well unless given. */
  readonly protectedStores?: ProtectedStores
  /** Called when a write could not be told the store, or may be executed later. */
  readonly onUnsettled?: () => void
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Of this process, unless given. */
  readonly eventLoopDelay?: EventLoopDelay
}

export interface ProtectedStores {
  /** What was used of limits. */
  readonly limits: Store
  /** Sessions and what was revoked. */
  readonly sessions: Store
}
