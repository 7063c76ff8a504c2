import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { type Store, StoreError } from '../../store/index.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { PurgeHistory } from '../cache/purge-history.ts'
import { GatewayError } from '../errors.ts'
import { shownEntryKey, shownEntryKeys } from '../keys.ts'
import { type Actor, AuditLog, type AuditRecord } from './audit-log.ts'
import type { EntryCensus, EntryCount } from './entry-census.ts'
import type { PurgeOrder } from './purge-order.ts'
import { type PurgePlan, planPurge, type TagNames } from './purge-plan.ts'

export interface PurgerOptions {
  readonly store: Store
  readonly history: PurgeHistory
  readonly invalidation: Invalidation
  readonly census: EntryCensus
  readonly tagNames: TagNames
  readonly clock: Clock
  readonly log: Logger
  readonly recordsMax: number
}

export interface PurgeReport {
  readonly concerned: EntryCount
  readonly outcome: 'done' | 'owed'
}

/**
 * What operators ask to be gone. Each purge is a step or two in the store, however many entries it concerns,
 * and is written down with who asked for it and why.
 */
export class Purger {
  readonly #options: PurgerOptions
  readonly #audit: AuditLog<AuditRecord>

  constructor(options: PurgerOptions) {
    this.#options = options
    this.#audit = new AuditLog(options.recordsMax)
  }

  /** When it resolves, what it concerns is no longer served as fresh. Throws `store-unavailable`. */
  async purge(order: PurgeOrder, who: Actor): Promise<PurgeReport> {
    try {
      const report = await this.#carryOut(order)
      this.#record(order, who, report)
      return report
    } catch (error) {
      this.#record(order, who, { concerned: undefined, outcome: 'failed' })
      if (!(error instanceof StoreError)) throw error
      throw new GatewayError('store-unavailable', 'the store failed; nothing was purged', {
        cause: error,
      })
    }
  }

  /** The newest first. */
  audit(): readonly AuditRecord[] {
    return this.#audit.list()
  }

  async #carryOut(order: PurgeOrder): Promise<PurgeReport> {
    const { census, invalidation } = this.#options
    const plan = planPurge(order.what, this.#options.tagNames)
    const concerned = await this.#count(plan)
    if (order.isDryRun) return { concerned, outcome: 'done' }
    if (order.mode === 'hard' && plan.tags !== undefined) await invalidation.purged(plan.tags)
    else await this.#append(plan, order.mode)
    if (order.mode === 'hard') {
      census.forget(plan.selectors)
      if (plan.key !== undefined) await this.#options.store.delete(shownEntryKeys(plan.key))
    }
    const isOwed = order.mode === 'hard' && plan.tags !== undefined && invalidation.owes(plan.tags)
    return { concerned, outcome: isOwed ? 'owed' : 'done' }
  }

  /** Before what is kept is deleted: a fill under way must find the purge when it comes to keep its answer. */
  async #append({ selectors }: PurgePlan, mode: PurgeOrder['mode']): Promise<void> {
    for (const selector of selectors) await this.#options.history.append(selector, mode)
  }

  async #count({ key, selectors }: PurgePlan): Promise<EntryCount> {
    const { store, census, clock } = this.#options
    if (key === undefined) return census.count(selectors, clock.nowMs())
    const entry = await store.get(shownEntryKey(key))
    return { entries: entry === undefined ? 0 : 1, isComplete: true }
  }

  #record(
    { what, mode, isDryRun, why }: PurgeOrder,
    who: Actor,
    { concerned, outcome }: Pick<AuditRecord, 'concerned' | 'outcome'>,
  ): void {
    const at = new Date(this.#options.clock.nowMs()).toISOString()
    const record: AuditRecord = { at, who, what, mode, isDryRun, why, concerned, outcome }
    this.#audit.add(record)
    this.#options.log.info({ purge: record }, isDryRun ? 'a purge was tried' : 'a purge')
  }
}
