import type { LimitDecision } from '../ratelimit/limit-decision.ts'
import type { StoreFailureMode } from '../ratelimit/limit-options.ts'
import { CounterSet } from './counter-set.ts'
import type { LimitsSnapshot } from './snapshot.ts'
import { TopList } from './top-list.ts'

const SUBJECTS_LISTED = 100
const SUBJECTS_SHOWN = 20

/** What the limits let pass and refused, and whom. */
export class LimitStatistics {
  allowed = 0
  rejected = 0
  readonly rejectedByRule: CounterSet<string>
  /** What rules in shadow would have refused. */
  readonly shadowedByRule: CounterSet<string>
  /** Requests that the store could not be asked about, by what was done. */
  readonly storeFailures = new CounterSet<StoreFailureMode>(['open', 'closed', 'local'])
  readonly #subjects = new TopList(SUBJECTS_LISTED)

  constructor(ruleNames: readonly string[]) {
    this.rejectedByRule = new CounterSet(ruleNames)
    this.shadowedByRule = new CounterSet(ruleNames)
  }

  decided(decision: LimitDecision): void {
    if (decision.storeFailure !== undefined) this.storeFailures.add(decision.storeFailure)
    for (const rule of decision.shadowed) this.shadowedByRule.add(rule)
    if (decision.allowed) {
      this.allowed += 1
      return
    }
    this.rejected += 1
    if (decision.refusedBy === undefined) return
    this.rejectedByRule.add(decision.refusedBy.rule.name)
    this.#subjects.add(decision.refusedBy.subject)
  }

  snapshot(): LimitsSnapshot {
    return {
      allowed: this.allowed,
      rejected: this.rejected,
      rejectedByRule: this.rejectedByRule.snapshot(),
      shadowedByRule: this.shadowedByRule.snapshot(),
      storeFailures: this.storeFailures.snapshot(),
      topRejected: this.#subjects
        .top(SUBJECTS_SHOWN)
        .map(({ name, count }) => ({ subject: name, count })),
    }
  }
}
