import { type Awaitable, chain, recovered } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import { type Store, StoreError } from '../../store/index.ts'
import type { MemoryGauge } from '../cache/memory-gauge.ts'
import { GatewayError } from '../errors.ts'
import { subjectDigest, type TokenSubject } from '../identity/token-subject.ts'
import { revocationLogKey, SESSION_KEY_PREFIX, sessionKey, userSessionsKey } from '../keys.ts'
import { type Denials, denialKeys, revoked } from '../revocation/denials.ts'
import type { RevocationFeed } from '../revocation/revocation-feed.ts'
import { SessionMemory } from './session-memory.ts'
import { createSession, endSession, replaceSession } from './session-procedures.ts'
import {
  decodeSession,
  encodeSession,
  type SessionRecord,
  type SessionState,
  type StoredSession,
} from './session-record.ts'
import { type SessionSeal, versionBytes } from './session-seal.ts'
import type { SessionStatistics } from './session-statistics.ts'
import { idInSessionToken } from './session-tokens.ts'
import { instantText, readUserSessions } from './user-sessions.ts'

export interface SessionStoreOptions {
  readonly store: Store
  readonly seal: SessionSeal
  readonly feed: RevocationFeed
  readonly denials: Denials
  /** Of the store. */
  readonly gauge: MemoryGauge
  readonly statistics: SessionStatistics
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** From login to the latest end. */
  readonly ttlMs: number
  readonly idleTimeoutMs: number
  /** How long an id is good before it has to be refreshed. */
  readonly idTtlMs: number
  readonly perUserMax: number
  /** Sessions that are remembered. */
  readonly sessionsMax: number
}

/** Without what the store itself decides; `expiresAtMs` is that of the token. */
export type Login = Omit<SessionRecord, 'id' | 'createdAtMs' | 'latestEndMs' | 'userDigest'> & {
  readonly subject: TokenSubject
}

/** `userDigest` of one that is gone is not known. */
export interface EndedSession {
  readonly id: string
  readonly userDigest: string | undefined
}

/** A change of a session that was read. */
export interface Change {
  readonly record?: SessionRecord
  readonly state?: Partial<SessionState>
  /** Whether other gateways have to read it anew. */
  readonly isAnnounced?: boolean
}

const ID_BYTES = 16
const SEED_BYTES = 32
const LOG = revocationLogKey()

/**
 * Sessions in the store, sealed. Each write compares the version that was read, so that no change is lost and what
 * has ended stays so. Requests are served from memory as long as the feed of revocations is fresh: a session that
 * ended on any gateway has ended here within a second, and on this one at once.
 */
export class SessionStore {
  readonly #options: SessionStoreOptions
  readonly #memory: SessionMemory

  constructor(options: SessionStoreOptions) {
    this.#options = options
    this.#memory = new SessionMemory(options)
    options.feed.listen({
      revoked: ({ kind, value }) => {
        if (kind === 'session-ended' || kind === 'session-changed') this.#memory.forget(value)
      },
      missed: () => this.#memory.forgetAll(),
    })
  }

  /** Sessions that made a request to this gateway lately. */
  get activeCount(): number {
    return this.#memory.activeCount(this.#options.clock.nowMs())
  }

  async create({ subject, ...login }: Login): Promise<StoredSession> {
    const { store, clock, random, ttlMs, perUserMax, statistics } = this.#options
    if (this.#options.gauge.isShort()) throw this.#full()
    const nowMs = clock.nowMs()
    const { issuedAtMs } = subject
    const userDigest = listDigest(subject, login.token)
    const id = random.bytes(ID_BYTES).toString('base64url')
    const latestEndMs = nowMs + ttlMs
    const expiresAtMs = Math.min(latestEndMs, login.expiresAtMs)
    const session: StoredSession = {
      version: 1,
      record: { ...login, id, userDigest, createdAtMs: nowMs, expiresAtMs, latestEndMs },
      state: {
        seed: random.bytes(SEED_BYTES).toString('base64url'),
        generation: 0,
        replacedAtMs: [],
        formerIdUntilMs: 0,
        lastSeenAtMs: nowMs,
      },
    }
    const key = sessionKey(id)
    const keys = [key, LOG, userSessionsKey(userDigest), ...denialKeys(subject)]
    const listed = [id, instantText(latestEndMs), perUserMax, ttlMs]
    const created = await this.#attempt(() =>
      store.run(createSession, keys, [
        this.#sealed(session),
        this.#lifeMs(session, nowMs),
        ...listed,
        issuedAtMs,
        SESSION_KEY_PREFIX,
        ...this.#announcing(),
      ]),
    )
    if (created === 'revoked') throw revoked()
    statistics.events.add('created')
    for (let ended = 0; ended < created; ended += 1) statistics.events.add('displaced')
    if (created > 0) await this.#options.feed.catchUp()
    return session
  }

  /** The record of a live session, the same object while it is unchanged; `undefined` for any other token. */
  read(token: string): Awaitable<SessionRecord | undefined> {
    const nowMs = this.#options.clock.nowMs()
    if (this.#options.feed.isFresh) {
      const remembered = this.#memory.find(token, nowMs)
      if (remembered !== undefined) return this.#used(remembered, nowMs)
    }
    return chain(this.#find(token), (session) => session && this.#used(session, nowMs))
  }

  /** The whole of a live session, as it is in the store now. */
  async load(token: string): Promise<StoredSession | undefined> {
    return await this.#find(token)
  }

  /** By its id, whoever asks; `undefined` for one that has ended. */
  async get(id: string): Promise<StoredSession | undefined> {
    return await this.#get(id)
  }

  /** Of one user, the oldest first. */
  async list(userDigest: string): Promise<readonly StoredSession[]> {
    const { store } = this.#options
    return await this.#attempt(async () => {
      const listed = readUserSessions(await store.get(userSessionsKey(userDigest)))
      const sessions = await store.getMany(listed.map(({ id }) => sessionKey(id)))
      return listed.flatMap(({ id }, index) => this.#opened(id, sessions[index]) ?? [])
    })
  }

  /** False when there was no such session. */
  async end({ id, userDigest }: EndedSession): Promise<boolean> {
    const { store, feed, ttlMs, statistics } = this.#options
    const key = sessionKey(id)
    const keys = [key, LOG, userDigest === undefined ? key : userSessionsKey(userDigest)]
    this.#memory.forget(id)
    try {
      const args = [id, ttlMs, ...this.#announcing()]
      const isEnded = await this.#attempt(async () => {
        try {
          return await store.run(endSession, keys, args)
        } catch (error) {
          return await this.#endWithoutRoom(key, error)
        }
      })
      if (isEnded) statistics.events.add('deleted')
      return isEnded
    } finally {
      this.#memory.forget(id)
      await feed.catchUp()
    }
  }

  /**
   * Deleting needs no memory, announcing does: a full store, which not only sessions are in, keeps no session alive.
   * Other gateways find out when they next note its use, within a minute.
   */
  async #endWithoutRoom(key: Buffer, error: unknown): Promise<boolean> {
    if (!(error instanceof StoreError) || error.code !== 'out-of-memory') throw error
    const { store, log } = this.#options
    log.warn({}, 'the end of a session cannot be announced: the memory for sessions is full')
    await store.delete([key])
    return true
  }

  /** The session with the change in the store; else what became of it since it was read. */
  async replace(
    session: StoredSession,
    change: Change,
  ): Promise<StoredSession | 'gone' | 'changed'> {
    const replaced = await this.#attempt(() => this.#replace(session, change))
    this.#memory.forget(session.record.id)
    return replaced
  }

  /**
   * Resolves once all that was written before is what every gateway finds, whichever copy of the store it reads, and as
   * safe as `session.durability` wants it. Rejects with
   * `not-confirmed`: it is done, and may be lost with a process or a machine; or `takeBack` has undone it, as far as it
   * went.
   */
  async confirm(takeBack?: () => Promise<unknown>): Promise<void> {
    try {
      await this.#options.store.confirm()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      throw notConfirmed(error, await this.#isTakenBack(takeBack))
    }
  }

  async #isTakenBack(takeBack: (() => Promise<unknown>) | undefined): Promise<boolean> {
    try {
      await takeBack?.()
      return takeBack !== undefined
    } catch (error) {
      this.#options.log.warn({ err: error }, 'what was not confirmed could not be taken back')
      return false
    }
  }

  #find(token: string): Awaitable<StoredSession | undefined> {
    const id = idInSessionToken(token)
    if (id === undefined) return undefined
    const { generation } = this.#memory
    return chain(this.#get(id), (session) => {
      if (session === undefined) {
        this.#memory.forget(id)
        return undefined
      }
      const nowMs = this.#options.clock.nowMs()
      return this.#memory.admit(session, token, { nowMs, generation })
    })
  }

  #get(id: string): Awaitable<StoredSession | undefined> {
    return recovered(
      () => chain(this.#options.store.get(sessionKey(id)), (bytes) => this.#opened(id, bytes)),
      (error) => {
        throw unavailable(error)
      },
    )
  }

  #opened(id: string, bytes: Buffer | undefined): StoredSession | undefined {
    if (bytes === undefined) return undefined
    const opened = this.#options.seal.open(bytes, id)
    const session = opened && decodeSession(opened.text, opened.version)
    const isOver =
      session === undefined || session.record.expiresAtMs <= this.#options.clock.nowMs()
    return isOver ? undefined : session
  }

  /** Notes that it was used; in the store from time to time, behind the request. */
  #used(session: StoredSession, nowMs: number): SessionRecord {
    if (this.#memory.isNoteDue(session.record.id, nowMs)) void this.#note(session, nowMs)
    return session.record
  }

  async #note(session: StoredSession, nowMs: number): Promise<void> {
    const { log } = this.#options
    try {
      const noted = await this.#replace(session, { state: { lastSeenAtMs: nowMs } })
      if (typeof noted === 'string') this.#memory.forget(session.record.id)
      else this.#memory.update(noted)
    } catch (error) {
      if (error instanceof StoreError) {
        log.debug({ err: error }, 'the use of a session was not noted')
      } else {
        log.error({ err: error }, 'noting the use of a session failed by a bug')
      }
    }
  }

  #replace(
    session: StoredSession,
    { record = session.record, state, isAnnounced = false }: Change,
  ): Awaitable<StoredSession | 'gone' | 'changed'> {
    const { store, clock } = this.#options
    const version = session.version + 1
    const next = { version, record, state: { ...session.state, ...state } }
    const args = [
      versionBytes(session.version),
      this.#sealed(next),
      this.#lifeMs(next, clock.nowMs()),
      isAnnounced ? record.id : '',
      ...this.#announcing(),
    ]
    return chain(store.run(replaceSession, [sessionKey(record.id), LOG], args), (replaced) =>
      replaced === 'written' ? next : replaced,
    )
  }

  #sealed(session: StoredSession): Buffer {
    const { version, record } = session
    return this.#options.seal.seal(encodeSession(session), { id: record.id, version })
  }

  #lifeMs(session: StoredSession, nowMs: number): number {
    return Math.max(Math.floor(this.#memory.endsAtMs(session) - nowMs), 1)
  }

  #announcing(): readonly (string | number)[] {
    const { logId, bytesMax, lifeMs } = this.#options.denials.announcing()
    return [logId, bytesMax, lifeMs]
  }

  async #attempt<T>(work: () => Awaitable<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof StoreError && error.code === 'out-of-memory') throw this.#full(error)
      throw unavailable(error)
    }
  }

  #full(cause?: StoreError): GatewayError {
    const { statistics, log } = this.#options
    statistics.events.add('full')
    log.warn({}, 'a session was refused: the memory for sessions is full')
    const message = 'there is no room for another session just now'
    return new GatewayError('store-full', message, { cause, headers: { 'retry-after': '60' } })
  }
}

/** Under which the sessions of who has this token are listed, and bounded: of one that names no user, its own. */
export function listDigest({ userDigest }: TokenSubject, token: string): string {
  return userDigest ?? subjectDigest(token)
}

function notConfirmed(cause: StoreError, isTakenBack: boolean): GatewayError {
  const outcome = isTakenBack ? 'nothing has changed' : 'it is done, and may be lost'
  const message = `it was not confirmed in time that this lasts: ${outcome}. Do it again`
  return new GatewayError('not-confirmed', message, { cause, headers: { 'retry-after': '1' } })
}

/** Who cannot be looked up is not let in. */
function unavailable(cause: unknown): unknown {
  if (!(cause instanceof StoreError)) return cause
  return new GatewayError('store-unavailable', 'sessions cannot be read or written just now', {
    cause,
    headers: { 'retry-after': '1' },
  })
}
