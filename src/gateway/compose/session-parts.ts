import { MemoryGauge } from '../cache/memory-gauge.ts'
import type { GatewayDependencies } from '../gateway-dependencies.ts'
import { IdentityResolver } from '../identity/resolve-identity.ts'
import type { Statistics } from '../metrics.ts'
import type { GatewayOptions } from '../options.ts'
import { Denials } from '../revocation/denials.ts'
import { RevocationFeed } from '../revocation/revocation-feed.ts'
import { SessionCookie } from '../session/session-cookie.ts'
import { SessionRefresher } from '../session/session-refresher.ts'
import { SessionSeal } from '../session/session-seal.ts'
import { SessionStore } from '../session/session-store.ts'

/** Who is known, for how long, and who no longer is. */
export interface SessionParts {
  readonly feed: RevocationFeed
  readonly denials: Denials
  readonly sessions: SessionStore
  readonly refresher: SessionRefresher
  readonly identities: IdentityResolver
  /** `undefined` when there are no sessions. */
  readonly sessionCookie: SessionCookie | undefined
}

/** From then on nobody signs in, so that there is room left to note, renew, end and revoke. */
const FULL_FROM = 0.95

export function createSessionParts(
  options: GatewayOptions,
  dependencies: GatewayDependencies,
  statistics: Statistics,
): SessionParts {
  const { clock, random, log, protectedStores } = dependencies
  const store = protectedStores?.sessions ?? dependencies.store
  const feed = new RevocationFeed({ store, clock, log })
  const denials = new Denials({ store, feed, random, lifeMs: options.revocation.ttlMs })
  const sessions = new SessionStore({
    ...options.session,
    store,
    seal: new SessionSeal({ secrets: options.session.secrets, random }),
    feed,
    denials,
    gauge: new MemoryGauge({ store, clock, log, shortFrom: FULL_FROM, isEvictionRoom: true }),
    statistics: statistics.sessions,
    clock,
    random,
    log,
    sessionsMax: options.auth.tokensMax,
  })
  const identities = new IdentityResolver({
    ...options,
    ...dependencies,
    sessions,
    denials,
    statistics,
  })
  feed.listen({
    revoked: ({ kind }) => {
      if (kind !== 'session-ended' && kind !== 'session-changed') identities.tokens.forget()
    },
    missed: () => identities.tokens.forget(),
  })
  return {
    feed,
    denials,
    sessions,
    refresher: new SessionRefresher({ sessions, statistics: statistics.sessions, clock, log }),
    identities,
    sessionCookie: options.session.enabled ? new SessionCookie(options.session) : undefined,
  }
}
