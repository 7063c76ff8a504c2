import { DEFAULT_SLOTS, type LimitUnit, type RateLimitRule } from './limit-options.ts'
import type { MeterKind } from './take-limits.ts'

/** A rule as it is applied. */
export interface CompiledRule {
  readonly rule: RateLimitRule
  readonly unit: LimitUnit
  readonly kind: MeterKind
  /** Of the meter, in its own counts: `scale` of them are one unit. */
  readonly limit: number
  readonly extra: number
  readonly scale: number
  /** What a hit costs, in percent. */
  readonly hitWeight: number
  /** Units that one operation may cost at most; more would never pass. */
  readonly capacity: number
  readonly isShadow: boolean
  readonly rootFields: ReadonlySet<string> | undefined
}

const WHOLE = 100
const COST_HIT_WEIGHT = 10

const KINDS = { window: 'window', log: 'log', gcra: 'gcra', concurrency: 'lease' } as const

export function compileRule(rule: RateLimitRule): CompiledRule {
  const { algorithm = 'window', unit = 'requests', slots = DEFAULT_SLOTS, limit } = rule
  const isConcurrency = algorithm === 'concurrency'
  const hitWeight = rule.hitWeight ?? (unit === 'cost' ? COST_HIT_WEIGHT : WHOLE)
  const isScaled = unit !== 'cost' && (algorithm === 'window' || algorithm === 'gcra')
  const scale = isScaled ? scaleOf(hitWeight, limit) : 1
  const burst = rule.burst ?? limit
  return {
    rule,
    // Whatever it asks for, an operation that is under way is one.
    unit: isConcurrency ? 'operations' : unit,
    kind: KINDS[algorithm],
    limit: limit * scale,
    extra: algorithm === 'window' ? slots : algorithm === 'gcra' ? burst * scale : 0,
    scale,
    hitWeight: isConcurrency ? 0 : hitWeight,
    capacity: algorithm === 'gcra' ? burst : limit,
    isShadow: rule.isShadow ?? false,
    rootFields: rule.rootFields && new Set(rule.rootFields),
  }
}

/**
 * The fewest counts for one unit with which a hit costs whole ones: 10 where it costs 30 percent. One, and a hit
 * costs a little more than told, where a limit would be too large for its counters.
 */
export function scaleOf(hitWeight: number, limit: number): number {
  const scale = SCALES.find((counts) => (hitWeight * counts) % WHOLE === 0) ?? WHOLE
  return limit * scale > COUNTS_MAX ? 1 : scale
}

const SCALES = [1, 2, 4, 5, 10, 20, 25, 50]
const COUNTS_MAX = 0xffff_ffff

/** What so many units cost before it is known whether the answer is kept, in counts of the meter. */
export function hitCounts(compiled: CompiledRule, units: number): number {
  return Math.ceil((units * compiled.scale * compiled.hitWeight) / WHOLE)
}

/** Rules that apply to a role: those it is named in, and those that name none, unless it is admin. */
export function rulesOfRole<Rule extends Pick<RateLimitRule, 'roles'>>(
  rules: readonly Rule[],
  role: string,
): readonly Rule[] {
  return rules.filter(({ roles }) =>
    roles === undefined ? role !== 'admin' : roles.includes(role),
  )
}
