import type { Gateway } from '../gateway/index.ts'
import type { Clock } from '../shared/clock.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import type { Store } from '../store/index.ts'

export interface AdminOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** Any of them, in `X-Hasura-Admin-Secret`, opens /stats and /metrics; empty leaves them open. */
  readonly secrets: readonly string[]
}

export interface AdminDependencies {
  readonly gateway: Gateway
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

export interface Admin extends Startable {
  /** Where it listens, once started. */
  readonly address: { readonly host: string; readonly port: number }
}

export type CreateAdmin = (options: AdminOptions, dependencies: AdminDependencies) => Admin
