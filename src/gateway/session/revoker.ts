import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { StoreError } from '../../store/index.ts'
import { GatewayError } from '../errors.ts'
import { subjectDigest } from '../identity/token-subject.ts'
import { type Actor, AuditLog } from '../purge/audit-log.ts'
import type { Denials } from '../revocation/denials.ts'
import type { RevocationOrder, RevocationTarget } from './revocation-order.ts'
import type { SessionStatistics } from './session-statistics.ts'
import type { SessionStore } from './session-store.ts'
import { describeSessions, type ListedSession } from './session-view.ts'

export interface RevokerOptions {
  readonly sessions: SessionStore
  readonly denials: Denials
  readonly statistics: SessionStatistics
  readonly clock: Clock
  readonly log: Logger
  readonly recordsMax: number
}

export interface RevocationReport {
  /** Sessions that ended; `undefined` for everyone's, which are refused one by one as they come. */
  readonly sessions: number | undefined
  /** Tokens issued until then are refused; `undefined` for a session, whose token is left alone. */
  readonly revokedUntil: string | undefined
}

export interface RevocationRecord {
  readonly at: string
  readonly who: Actor
  readonly what: RevocationTarget
  readonly why: string | undefined
  /** `undefined` when it failed. */
  readonly report: RevocationReport | undefined
}

/** What administrators revoke, each written down with who asked for it and why. */
export class Revoker {
  readonly #options: RevokerOptions
  readonly #audit: AuditLog<RevocationRecord>

  constructor(options: RevokerOptions) {
    this.#options = options
    this.#audit = new AuditLog(options.recordsMax)
  }

  /** When it resolves it holds in this gateway, and within a second in all others of the store. */
  async revoke(order: RevocationOrder, who: Actor): Promise<RevocationReport> {
    const report = await this.#carryOutRecorded(order, who)
    await this.#options.sessions.confirm()
    return report
  }

  async #carryOutRecorded(order: RevocationOrder, who: Actor): Promise<RevocationReport> {
    try {
      const report = await this.#carryOut(order)
      this.#record(order, who, report)
      return report
    } catch (error) {
      this.#record(order, who, undefined)
      if (!(error instanceof StoreError)) throw error
      const message = 'the store failed; revoke it again'
      throw new GatewayError('store-unavailable', message, { cause: error })
    }
  }

  /** The newest first. */
  audit(): readonly RevocationRecord[] {
    return this.#audit.list()
  }

  /** Of one user, the oldest first. */
  async sessionsOf(user: string): Promise<readonly ListedSession[]> {
    return describeSessions(await this.#options.sessions.list(subjectDigest(user)), undefined)
  }

  async #carryOut({ what, sinceMs }: RevocationOrder): Promise<RevocationReport> {
    const { denials, statistics } = this.#options
    if ('session' in what) {
      statistics.revocations.add('session')
      return { sessions: await this.#endOne(what.session), revokedUntil: undefined }
    }
    if ('token' in what) {
      statistics.revocations.add('token')
      const digest = subjectDigest(what.token)
      const atMs = await denials.deny({ kind: 'token', digest }, sinceMs)
      return { sessions: undefined, revokedUntil: isoOf(atMs) }
    }
    if ('user' in what) {
      statistics.revocations.add('user')
      const digest = subjectDigest(what.user)
      // First: from then on no session of the user's can come to be out of a token from before.
      const atMs = await denials.deny({ kind: 'user', digest }, sinceMs)
      return { sessions: await this.#endAll(digest, atMs), revokedUntil: isoOf(atMs) }
    }
    statistics.revocations.add('everyone')
    const atMs = await denials.deny({ kind: 'everyone' }, sinceMs)
    return { sessions: undefined, revokedUntil: isoOf(atMs) }
  }

  async #endOne(id: string): Promise<number> {
    const { sessions } = this.#options
    const session = await sessions.get(id)
    return (await sessions.end({ id, userDigest: session?.record.userDigest })) ? 1 : 0
  }

  async #endAll(userDigest: string, untilMs: number): Promise<number> {
    const { sessions } = this.#options
    let count = 0
    for (const { record } of await sessions.list(userDigest)) {
      if (record.createdAtMs <= untilMs && (await sessions.end(record))) count += 1
    }
    return count
  }

  #record({ what, why }: RevocationOrder, who: Actor, report: RevocationReport | undefined): void {
    const at = new Date(this.#options.clock.nowMs()).toISOString()
    const record: RevocationRecord = { at, who, what, why, report }
    this.#audit.add(record)
    this.#options.log.info({ revocation: record }, 'a revocation')
  }
}

function isoOf(instantMs: number): string {
  return new Date(instantMs).toISOString()
}
