import type { Clock } from '../shared/clock.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import type { Random } from '../shared/random.ts'
import type { Store } from '../store/index.ts'
import type { GatewayOptions } from './options.ts'
import type { GatewaySnapshot } from './statistics/snapshot.ts'

export interface GatewayDependencies {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export interface Gateway extends Startable {
  /** Where it listens, once started: the port is the one picked when the options say 0. */
  readonly address: { readonly host: string; readonly port: number }
  snapshot(): GatewaySnapshot
  /** Everything that is counted, in Prometheus' text format. */
  metricsText(): Promise<string>
  /** Empty when requests can be served; else what is missing, in words. */
  notReady(): Promise<readonly string[]>
}

export type CreateGateway = (options: GatewayOptions, dependencies: GatewayDependencies) => Gateway
