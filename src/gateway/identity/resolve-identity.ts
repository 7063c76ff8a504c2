import type { IncomingHttpHeaders } from 'node:http'
import type { Awaitable } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { AuthOptions, SessionOptions } from '../options.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { Identity } from './identity.ts'

export interface IdentityResolverOptions {
  readonly auth: AuthOptions
  readonly session: SessionOptions
  readonly sessions: SessionStore
  readonly clock: Clock
  readonly log: Logger
}

export interface IdentityResolver {
  readonly name: 'identity'
  /** Fetches the keys of every jwk_url; fails when one cannot be had. */
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * Who sent these headers. Refusals are thrown, or rejected, as GatewayError. The same credentials give the
   * same object as long as it is remembered, and then at once: what is derived from an identity may hang on it.
   */
  resolve(headers: IncomingHttpHeaders): Awaitable<Identity>
}

export type CreateIdentityResolver = (options: IdentityResolverOptions) => IdentityResolver
