import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Random } from '../shared/random.ts'
import type { Store } from '../store/index.ts'

export interface GatewayDependencies {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}
