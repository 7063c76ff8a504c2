import type { Plan } from './plan.ts'

/** Why an operation is planned as it is, for people. */
export interface PlanExplanation {
  readonly plan: Plan
  /** Each session variable in the key; `all` is the whole session. */
  readonly sessionVariables: readonly Reason[]
  /** `all`, or `all but` those named. */
  readonly forwardedHeaders: readonly Reason[]
  /** Each tag. */
  readonly reads: readonly Reason[]
  readonly writes: readonly Reason[]
  /** The reasons, as `UncacheableReason` has them, why nothing is cached. */
  readonly uncacheable: readonly Reason[]
  /** Those why only @cached or a rule that names the operation or its root fields has it cached. */
  readonly onRequestOnly: readonly Reason[]
}

export interface Reason {
  readonly value: string
  /** What brought it in, each in words: "the rows of table default:public.orders". */
  readonly because: readonly string[]
}

/** What one thing that an operation touches adds to its plan. */
export interface PlanPart extends Plan {
  /** The thing, in words. */
  readonly because: string
}

export function explainPlan(plan: Plan, parts: readonly PlanPart[]): PlanExplanation {
  const reasons = (valuesOf: (part: Plan) => readonly string[]): readonly Reason[] => {
    const because = new Map<string, Set<string>>()
    for (const part of parts) {
      for (const value of valuesOf(part)) {
        const told = because.get(value) ?? new Set()
        because.set(value, told.add(part.because))
      }
    }
    return [...because]
      .map(([value, told]) => ({ value, because: [...told] }))
      .sort((one, other) => (one.value < other.value ? -1 : 1))
  }
  return {
    plan,
    sessionVariables: reasons(({ sessionVariables: names }) => (names === 'all' ? ['all'] : names)),
    forwardedHeaders: reasons(({ forwardedHeaders }) => {
      if (forwardedHeaders === undefined) return []
      const { except } = forwardedHeaders
      return [except.length === 0 ? 'all' : `all but ${except.join(', ')}`]
    }),
    reads: reasons(({ reads }) => reads),
    writes: reasons(({ writes }) => writes),
    uncacheable: reasons(({ uncacheable }) => (uncacheable === undefined ? [] : [uncacheable])),
    onRequestOnly: reasons(({ onRequestOnly }) =>
      onRequestOnly === undefined ? [] : [onRequestOnly],
    ),
  }
}
