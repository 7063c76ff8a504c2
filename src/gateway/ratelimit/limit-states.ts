import { nth } from '../../shared/assert.ts'
import { type LimitDecision, type LimitState, UNLIMITED } from './limit-decision.ts'
import type { SubjectCharge } from './limit-plan.ts'
import type { AskedLimits } from './limit-store.ts'

/** What one rule has told; `elapsedMs` ago, when it comes from memory. */
export function stateOf(
  { charge, states }: Pick<AskedLimits, 'charge' | 'states'>,
  index: number,
  elapsedMs: number,
): LimitState {
  const { remaining, resetMs, retryMs } = nth(states, index)
  const { rule, capacity, scale } = nth(charge.rules, index)
  const instantMs = retryMs === 0 ? resetMs : retryMs
  return {
    rule,
    subject: charge.subject.label,
    quota: capacity,
    remaining: scale === 1 ? remaining : Math.floor(remaining / scale),
    resetMs: instantMs > elapsedMs ? instantMs - elapsedMs : 0,
    asked: nth(charge.units, index),
  }
}

/**
 * How much longer what was refused is refused: when it asked for no more than is asked now. A place among those
 * at work may be free again at any moment.
 */
export function stillRefusedMs(
  earlier: SubjectCharge,
  states: AskedLimits['states'],
  now: SubjectCharge,
  elapsedMs: number,
): number {
  let longestMs = 0
  for (const [index, compiled] of earlier.rules.entries()) {
    const { retryMs } = nth(states, index)
    if (compiled.isShadow || compiled.kind === 'lease' || retryMs <= elapsedMs) continue
    const asked = now.charges[now.rules.indexOf(compiled)]
    if (asked === undefined || asked.cost < nth(earlier.charges, index).cost) continue
    longestMs = Math.max(longestMs, Math.ceil(retryMs - elapsedMs))
  }
  return longestMs
}

/** By the rule that refuses longest. */
export function refusal(
  states: readonly LimitState[],
  { charge, states: told, storeFailure }: Pick<AskedLimits, 'charge' | 'states' | 'storeFailure'>,
  retryAfterMs: number,
): LimitDecision {
  let by: SubjectCharge['rules'][number] | undefined
  let longestMs = 0
  for (const [index, compiled] of charge.rules.entries()) {
    const retryMs = told[index]?.retryMs ?? 0
    if (compiled.isShadow || retryMs <= longestMs) continue
    longestMs = retryMs
    by = compiled
  }
  const refusedBy = states.find(
    ({ rule, subject }) => rule === by?.rule && subject === charge.subject.label,
  )
  return { ...UNLIMITED, allowed: false, states, refusedBy, retryAfterMs, storeFailure }
}
