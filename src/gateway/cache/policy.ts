import type { Operation } from '../graphql/operation.ts'
import type { Plan, Tag, UncacheableReason } from '../metadata/plan.ts'
import type { CacheOptions, CacheRule } from '../options.ts'
import type { Staleness } from './staleness.ts'

/** Whether an answer may be kept, and how long. */
export type CachePolicy =
  | {
      readonly ttlMs: number
      /** By which part of it, at most, the TTL of an entry is shortened. */
      readonly ttlJitter: number
      readonly staleness: Staleness
      readonly refresh: boolean
      readonly bypass: undefined
    }
  | { readonly bypass: BypassReason }

/** Why an answer is neither looked up nor kept. A closed set: it becomes a label. */
export type BypassReason =
  | UncacheableReason
  | 'cache-disabled'
  | 'no-rule'
  | 'ttl-zero'
  | 'invalid-directive'

/**
 * What @cached on the operation says, else the first rule that matches. Where no write can tell that an answer
 * has changed, a rule counts when it names the operation or its root fields. Admins change things and want to see
 * them changed: their answers are kept only when @cached or a rule that names the role asks for it.
 */
export function cachePolicy(
  operation: Operation,
  plan: Plan,
  role: string,
  options: CacheOptions,
): CachePolicy {
  if (plan.uncacheable !== undefined) return { bypass: plan.uncacheable }
  if (!options.enabled) return { bypass: 'cache-disabled' }
  const { cached } = operation
  if (cached === 'invalid') return { bypass: 'invalid-directive' }
  const rule = cached ? undefined : ruleFor(options.rules, operation, plan, role)
  const ttlMs = cached ? ttlOfDirective(cached.ttlSeconds, options) : rule?.ttlMs
  if (ttlMs === undefined) return { bypass: plan.onRequestOnly ?? 'no-rule' }
  if (ttlMs <= 0) return { bypass: 'ttl-zero' }
  return {
    ttlMs: Math.min(ttlMs, options.ttlMaxMs),
    // Hasura EE keeps what @cached asks for exactly so long, and tells its clients.
    ttlJitter: cached ? 0 : options.ttlJitter,
    staleness: {
      whileRevalidateMs: rule?.staleWhileRevalidateMs ?? options.staleWhileRevalidateMs,
      ifErrorMs: rule?.staleIfErrorMs ?? options.staleIfErrorMs,
    },
    refresh: cached?.refresh ?? false,
    bypass: undefined,
  }
}

function ttlOfDirective(ttlSeconds: number | undefined, { ttlMs }: CacheOptions): number {
  return ttlSeconds === undefined ? ttlMs : ttlSeconds * 1_000
}

/** What rules look at: of an operation, or of one that `gerbang check` makes up. */
export type RuledOperation = Pick<Operation, 'name'> & {
  readonly rootFields: readonly { readonly name: string }[]
}

export type RuledPlan = Pick<Plan, 'reads'> & Partial<Pick<Plan, 'onRequestOnly'>>

export function ruleFor(
  rules: readonly CacheRule[],
  operation: RuledOperation,
  plan: RuledPlan,
  role: string,
): CacheRule | undefined {
  return rules.find((rule) => matches(rule, operation, plan, role))
}

function matches(
  rule: CacheRule,
  operation: RuledOperation,
  plan: RuledPlan,
  role: string,
): boolean {
  const { operations, rootFields, tables, roles } = rule
  if (roles === undefined ? role === 'admin' : !roles.includes(role)) return false
  if (operations !== undefined && !operations.includes(operation.name ?? '')) return false
  if (rootFields !== undefined) {
    const asked = operation.rootFields
      .map(({ name }) => name)
      .filter((name) => name !== '__typename')
    if (!covers(rule, asked, (name) => rootFields.includes(name))) return false
  }
  const isNamed = operations !== undefined || rootFields !== undefined
  if (plan.onRequestOnly !== undefined && !isNamed && rule.ttlMs !== 0) return false
  if (tables === undefined) return true
  // An answer with one row of a table has `rows:` in place of `table:`.
  const read = plan.reads.filter((tag) => tag.startsWith('table:') || tag.startsWith('rows:'))
  return covers(rule, read, (tag) => tables.some((table) => isTagOf(tag, table)))
}

/**
 * One answer may hold several root fields and tables: a rule that allows caching must name them all, one that
 * forbids it (TTL 0) need only name one.
 */
function covers<T>(rule: CacheRule, had: readonly T[], isNamed: (one: T) => boolean): boolean {
  return rule.ttlMs === 0 ? had.some(isNamed) : had.length > 0 && had.every(isNamed)
}

function isTagOf(tag: Tag, table: string): boolean {
  return tag.endsWith(`:${table.includes('.') ? table : `public.${table}`}`)
}
