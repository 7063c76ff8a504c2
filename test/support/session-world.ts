import { MemoryGauge } from '../../src/gateway/cache/memory-gauge.ts'
import { subjectDigest } from '../../src/gateway/identity/token-subject.ts'
import { Denials } from '../../src/gateway/revocation/denials.ts'
import { RevocationFeed } from '../../src/gateway/revocation/revocation-feed.ts'
import { SessionRefresher } from '../../src/gateway/session/session-refresher.ts'
import { SessionSeal } from '../../src/gateway/session/session-seal.ts'
import { SessionStatistics } from '../../src/gateway/session/session-statistics.ts'
import {
  type Login,
  SessionStore,
  type SessionStoreOptions,
} from '../../src/gateway/session/session-store.ts'
import type { Clock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { systemRandom } from '../../src/shared/random.ts'
import type { Store } from '../../src/store/index.ts'

const HOUR_MS = 3_600_000

/** What one gateway of a store has of sessions, without the gateway around it. */
export interface SessionWorld {
  readonly feed: RevocationFeed
  readonly denials: Denials
  readonly sessions: SessionStore
  readonly refresher: SessionRefresher
  readonly statistics: SessionStatistics
}

/** The feed is read when the test says so: with `catchUp`. */
export function sessionWorld(
  store: Store,
  clock: Clock,
  changes: Partial<SessionStoreOptions> = {},
): SessionWorld {
  const log = silentLogger
  const random = systemRandom
  const statistics = new SessionStatistics()
  const feed = new RevocationFeed({ store, clock, log })
  const denials = new Denials({ store, feed, random, lifeMs: 24 * HOUR_MS })
  const sessions = new SessionStore({
    store,
    seal: new SessionSeal({ secrets: ['a secret of at least thirty-two characters'], random }),
    feed,
    denials,
    gauge: new MemoryGauge({ store, clock, log, shortFrom: 0.95, isEvictionRoom: true }),
    statistics,
    clock,
    random,
    log,
    ttlMs: 12 * HOUR_MS,
    idleTimeoutMs: HOUR_MS,
    idTtlMs: Number.POSITIVE_INFINITY,
    perUserMax: 50,
    sessionsMax: 1_000,
    ...changes,
  })
  const refresher = new SessionRefresher({ sessions, statistics, clock, log })
  return { feed, denials, sessions, refresher, statistics }
}

/** A login of a user whose token was issued at 0 and never ends. */
export function loginOf(user: string, changes: Partial<Login> = {}): Login {
  return {
    token: 'a.token.of-theirs',
    tokenLocation: 'authorization',
    role: 'user',
    userId: user,
    allowedRoles: ['user'],
    variables: new Map([['x-hasura-user-id', user]]),
    subject: { tokenDigest: undefined, userDigest: subjectDigest(user), issuedAtMs: 0 },
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    userAgent: 'a browser',
    ...changes,
  }
}
