import type { LimitDecision } from '../ratelimit/limit-decision.ts'
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
  readonly #subjects = new TopList(SUBJECTS_LISTED)

  constructor(ruleNames: readonly string[]) {
    this.rejectedByRule = new CounterSet(ruleNames)
  }

  decided(decision: LimitDecision): void {
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
      topRejected: this.#subjects
        .top(SUBJECTS_SHOWN)
        .map(({ name, count }) => ({ subject: name, count })),
    }
  }
}
