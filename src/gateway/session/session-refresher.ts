import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { GatewayError } from '../errors.ts'
import type { SessionRecord, SessionState, StoredSession } from './session-record.ts'
import type { SessionStatistics } from './session-statistics.ts'
import type { SessionStore } from './session-store.ts'
import { isRefreshTokenOf, readRefreshToken } from './session-tokens.ts'

export interface SessionRefresherOptions {
  readonly sessions: SessionStore
  readonly statistics: SessionStatistics
  readonly clock: Clock
  readonly log: Logger
}

/** What a refresh changes beside the tokens; throws for what may not be. */
export type RecordChange = (record: SessionRecord) => Promise<SessionRecord>

/** How long a refresh token that was used gives its successor again: two tabs refresh at the same time. */
export const REFRESH_GRACE_MS = 10_000
/** Generations of which it is known when they were replaced. */
const REPLACED_MAX = 16
/** Writes of others that come first. Each of them is a use or a refresh of the same session. */
const ATTEMPTS_MAX = 20

/**
 * Gives a session another id and another refresh token for the one it has. The one before is good for ten seconds
 * more, and gives the same successor; whoever shows it later has copied it, or was copied from: the session ends.
 */
export class SessionRefresher {
  readonly #options: SessionRefresherOptions

  constructor(options: SessionRefresherOptions) {
    this.#options = options
  }

  /** Rejects with `access-denied` for a token that is not, or no longer, good. */
  async refresh(token: string, change: RecordChange): Promise<StoredSession> {
    const { sessions, clock, statistics } = this.#options
    const named = readRefreshToken(token)
    if (named === undefined) throw notGood()
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const session = await sessions.get(named.id)
      if (session === undefined) throw notGood()
      const { generation } = session.state
      // Made up, it says nothing of whoever has the real one.
      if (named.generation > generation) throw notGood()
      if (!isRefreshTokenOf(session, token, named.generation)) throw notGood()
      if (named.generation < generation) return await this.#replay(session, named.generation)
      const record = await change(session.record)
      const isSameRole = record.role === session.record.role
      const state = replacedState(session.state, clock.nowMs(), isSameRole)
      const replaced = await sessions.replace(session, { record, state, isAnnounced: true })
      if (replaced === 'gone') throw notGood()
      if (replaced === 'changed') continue
      // The token that was shown stays the good one, however long it takes until a refresh is confirmed.
      await sessions.confirm(() => sessions.replace(replaced, { ...session, isAnnounced: true }))
      statistics.events.add('refreshed')
      return replaced
    }
    throw busy()
  }

  async #replay(session: StoredSession, generation: number): Promise<StoredSession> {
    const { sessions, clock, statistics, log } = this.#options
    const { record, state } = session
    const replacedAtMs = state.replacedAtMs.at(generation - state.generation)
    if (replacedAtMs !== undefined && clock.nowMs() - replacedAtMs < REFRESH_GRACE_MS) {
      await sessions.confirm()
      statistics.events.add('replayed')
      return session
    }
    await sessions.end(record)
    statistics.events.add('reused')
    log.warn(
      { session: record.id, generation, present: state.generation },
      'a refresh token was used again: its session has ended',
    )
    await sessions.confirm()
    throw notGood()
  }
}

/** The state with the next generation. An id from before a change of role is worth nothing any more. */
function replacedState(state: SessionState, nowMs: number, isSameRole: boolean): SessionState {
  return {
    seed: state.seed,
    generation: state.generation + 1,
    replacedAtMs: [...state.replacedAtMs, nowMs].slice(-REPLACED_MAX),
    formerIdUntilMs: isSameRole ? nowMs + REFRESH_GRACE_MS : 0,
    lastSeenAtMs: nowMs,
  }
}

function notGood(): GatewayError {
  return new GatewayError('access-denied', 'the session cannot be refreshed; sign in again')
}

function busy(): GatewayError {
  const message = 'the session is being changed by many at once'
  return new GatewayError('store-unavailable', message, { headers: { 'retry-after': '1' } })
}
