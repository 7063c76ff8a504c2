import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { StoredSession } from './session-record.ts'
import { isEqual, SESSION_ID_LENGTH, sessionToken } from './session-tokens.ts'

export interface SessionMemoryOptions {
  readonly sessionsMax: number
  readonly idleTimeoutMs: number
  readonly idTtlMs: number
}

interface Remembered {
  session: StoredSession
  /** What the cookie holds, and what it held before. */
  token: string
  formerToken: string | undefined
  /** From then on only the store knows: another gateway may have seen it used. */
  untilMs: number
  noteDueAtMs: number
  seenInWindow: number
}

const NOTE_INTERVAL_MIN_MS = 1_000
const NOTE_INTERVAL_MAX_MS = 60_000
/** A use is noted so many times within the idle timeout. */
const NOTES_PER_TIMEOUT = 10
/** How long ago the last request of a session is that counts as active: one to two of these. */
const WINDOW_MS = 150_000

/** What this gateway remembers of sessions. Bounded; what is forgotten is read again. */
export class SessionMemory {
  readonly #options: SessionMemoryOptions
  readonly #noteIntervalMs: number
  readonly #sessions: TwoGenerationMap<string, Remembered>
  #generation = 0
  #window = 0
  #seenNow = 0
  #seenBefore = 0

  constructor(options: SessionMemoryOptions) {
    this.#options = options
    this.#sessions = new TwoGenerationMap(options.sessionsMax)
    const wanted = options.idleTimeoutMs / NOTES_PER_TIMEOUT
    this.#noteIntervalMs = Math.min(Math.max(wanted, NOTE_INTERVAL_MIN_MS), NOTE_INTERVAL_MAX_MS)
  }

  /** Rises whenever something is forgotten: what was read before that is not to be remembered. */
  get generation(): number {
    return this.#generation
  }

  /** The session whose cookie holds this; `undefined` when it is not remembered, or no longer sure. */
  find(token: string, nowMs: number): StoredSession | undefined {
    const remembered = this.#sessions.get(token.slice(0, SESSION_ID_LENGTH), idOf)
    if (remembered === undefined || nowMs >= remembered.untilMs) return undefined
    return isNamed(remembered, token, nowMs) ? remembered.session : undefined
  }

  /** A session that was just read, if its cookie holds this token; remembered unless something was forgotten since. */
  admit(
    session: StoredSession,
    token: string,
    { nowMs, generation }: { readonly nowMs: number; readonly generation: number },
  ): StoredSession | undefined {
    const { id } = session.record
    const known = this.#sessions.get(id)
    const isKnown = known?.session.version === session.version
    const remembered = isKnown ? known : this.#remembered(session)
    if (!isNamed(remembered, token, nowMs) || nowMs >= remembered.untilMs) return undefined
    if (!isKnown && generation === this.#generation) this.#sessions.set(id, remembered)
    return remembered.session
  }

  /** What it is in the store now, by a write of this gateway's; its record is the same. */
  update(session: StoredSession): void {
    const remembered = this.#sessions.get(session.record.id)
    if (remembered === undefined) return
    remembered.session = session
    remembered.untilMs = this.#untilMs(session)
  }

  forget(id: string): void {
    this.#generation += 1
    this.#sessions.delete(id)
  }

  forgetAll(): void {
    this.#generation += 1
    this.#sessions.clear()
  }

  /** Counts the use, and tells whether the store should be told; true once, until the next time. */
  isNoteDue(id: string, nowMs: number): boolean {
    const remembered = this.#sessions.get(id)
    if (remembered === undefined) return false
    this.#turnWindow(nowMs)
    if (remembered.seenInWindow !== this.#window) {
      remembered.seenInWindow = this.#window
      this.#seenNow += 1
    }
    if (nowMs < remembered.noteDueAtMs) return false
    remembered.noteDueAtMs = nowMs + this.#noteIntervalMs
    return true
  }

  activeCount(nowMs: number): number {
    this.#turnWindow(nowMs)
    return Math.max(this.#seenNow, this.#seenBefore)
  }

  /** When it ends unless it is used again. Uses are noted with some delay, which is given on top. */
  endsAtMs({ record, state }: StoredSession): number {
    const idleAtMs = state.lastSeenAtMs + this.#options.idleTimeoutMs + this.#noteIntervalMs
    return Math.min(record.expiresAtMs, idleAtMs)
  }

  #remembered(session: StoredSession): Remembered {
    const { record, state } = session
    const { seed, generation } = state
    return {
      session,
      token: sessionToken(record.id, state),
      formerToken:
        state.formerIdUntilMs === 0
          ? undefined
          : sessionToken(record.id, { seed, generation: generation - 1 }),
      untilMs: this.#untilMs(session),
      noteDueAtMs: state.lastSeenAtMs + this.#noteIntervalMs,
      seenInWindow: -1,
    }
  }

  #untilMs(session: StoredSession): number {
    const { record, state } = session
    const madeAtMs = state.replacedAtMs.at(-1) ?? record.createdAtMs
    return Math.min(this.endsAtMs(session), madeAtMs + this.#options.idTtlMs)
  }

  #turnWindow(nowMs: number): void {
    const window = Math.floor(nowMs / WINDOW_MS)
    if (window === this.#window) return
    this.#seenBefore = window === this.#window + 1 ? this.#seenNow : 0
    this.#seenNow = 0
    this.#window = window
  }
}

/** Its own: a part of the cookie's text would keep all of the header in memory. */
function idOf({ session }: Remembered): string {
  return session.record.id
}

function isNamed(
  { session, token, formerToken }: Remembered,
  shown: string,
  nowMs: number,
): boolean {
  if (isEqual(shown, token)) return true
  if (formerToken === undefined || nowMs >= session.state.formerIdUntilMs) return false
  return isEqual(shown, formerToken)
}
