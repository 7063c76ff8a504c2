import { nth } from '../../shared/assert.ts'
import { type CompiledRule, hitCounts } from './compile-rule.ts'
import type { LimitPlan, Subject, SubjectCharge } from './limit-plan.ts'
import { type LimitCharge, limitArguments } from './take-limits.ts'

/** What a request asks of the rules of one subject. Lists are parallel to its rules. */
export interface SubjectUnits {
  readonly subject: Subject
  readonly units: readonly number[]
  readonly fixed: readonly (number | undefined)[]
}

/** When which part of it is taken: what a hit costs of every request, the rest before Hasura is asked. */
export function planOf(asked: readonly SubjectUnits[]): LimitPlan {
  return {
    tooDear: tooDear(asked),
    enter: asked.flatMap((one) => chargeOf(one, enterCounts)),
    reserve: asked.flatMap((one) => chargeOf(one, reserveCounts)),
  }
}

function tooDear(asked: readonly SubjectUnits[]): LimitPlan['tooDear'] {
  for (const { subject, units } of asked) {
    for (const [index, compiled] of subject.rules.entries()) {
      const { capacity, isShadow } = compiled
      // A limit of 0 refuses everything, and says so as any other limit does.
      const isTooDear = capacity > 0 && nth(units, index) > capacity
      if (isTooDear && !isShadow) return { compiled, units: nth(units, index) }
    }
  }
  return undefined
}

type CountsOf = (compiled: CompiledRule, units: number) => number

const enterCounts: CountsOf = (compiled, units) =>
  compiled.kind === 'lease' ? 0 : hitCounts(compiled, units)

const reserveCounts: CountsOf = (compiled, units) => {
  if (compiled.kind === 'lease') return 1
  return units * compiled.scale - hitCounts(compiled, units)
}

/** Nothing where no rule asks for anything. */
function chargeOf(
  { subject, units, fixed }: SubjectUnits,
  countsOf: CountsOf,
): readonly SubjectCharge[] {
  const charges: LimitCharge[] = []
  const indexes: number[] = []
  for (const [index, compiled] of subject.rules.entries()) {
    const cost = countsOf(compiled, nth(units, index))
    if (cost === 0) continue
    indexes.push(index)
    charges.push(toCharge(compiled, cost))
  }
  if (charges.length === 0) return []
  const isWhole = charges.length === subject.rules.length
  return [
    {
      subject,
      rules: isWhole ? subject.rules : indexes.map((index) => nth(subject.rules, index)),
      keys: isWhole ? subject.keys : indexes.map((index) => nth(subject.keys, index)),
      charges,
      takeArguments: limitArguments(charges),
      units: indexes.map((index) => nth(units, index)),
      fixed: indexes.map((index) => fixed[index]),
    },
  ]
}

function toCharge({ kind, limit, extra, isShadow, rule }: CompiledRule, cost: number): LimitCharge {
  return { kind, cost, limit, windowMs: rule.windowMs, extra, isShadow }
}

/** The part of a charge that `wanted` says; `undefined` when that is nothing. */
export function partOf(
  charge: SubjectCharge,
  wanted: (index: number) => boolean,
  change: (charge: LimitCharge, index: number) => LimitCharge = (same) => same,
): SubjectCharge | undefined {
  const indexes = [...charge.rules.keys()].filter(wanted)
  if (indexes.length === 0) return undefined
  const charges = indexes.map((index) => change(nth(charge.charges, index), index))
  return {
    subject: charge.subject,
    rules: indexes.map((index) => nth(charge.rules, index)),
    keys: indexes.map((index) => nth(charge.keys, index)),
    charges,
    takeArguments: limitArguments(charges),
    units: indexes.map((index) => nth(charge.units, index)),
    fixed: indexes.map((index) => charge.fixed[index]),
  }
}
