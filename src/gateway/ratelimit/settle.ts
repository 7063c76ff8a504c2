import { nth } from '../../shared/assert.ts'
import type { Outcome } from '../statistics/snapshot.ts'
import { objectPoints } from './count-objects.ts'
import type { CostWeights } from './limit-options.ts'
import type { SubjectCharge } from './limit-plan.ts'
import { partOf } from './plan-charges.ts'

/** How a request ended that was reserved for. */
export interface Settlement {
  readonly outcome: Outcome
  readonly body: Buffer
}

/** What took nothing of Hasura: it costs what a hit does. */
const FREE: ReadonlySet<Outcome> = new Set<Outcome>(['hit', 'stale', 'coalesced'])
/** What Hasura has answered. What failed may have cost it all the same. */
const ANSWERED: ReadonlySet<Outcome> = new Set<Outcome>(['miss', 'bypass'])

const OPENING_BRACE = 0x7b

/**
 * What of a charge goes back: leases always; of points what the answer does not have, never more than was
 * reserved, so that what a hit costs stays. `undefined` when nothing does.
 */
export function settledCharge(
  charge: SubjectCharge,
  { outcome, body }: Settlement,
  weights: CostWeights,
): SubjectCharge | undefined {
  const hasPoints = charge.fixed.some((fixed) => fixed !== undefined)
  const isCounted = hasPoints && ANSWERED.has(outcome) && body[0] === OPENING_BRACE
  const found = isCounted ? objectPoints(body, weights) : undefined
  const back = charge.charges.map(({ kind, cost }, index) => {
    if (kind === 'lease' || FREE.has(outcome)) return cost
    const fixed = charge.fixed[index]
    if (found === undefined || fixed === undefined) return 0
    const unused = nth(charge.units, index) - fixed - found
    return Math.min(Math.max(unused, 0), cost)
  })
  return partOf(
    charge,
    (index) => nth(back, index) > 0,
    (one, index) => ({ ...one, cost: nth(back, index) }),
  )
}
