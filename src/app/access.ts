import type { Config } from '../config/index.ts'
import { type CacheRule, ruleFor, type UpstreamDescription } from '../gateway/index.ts'
import { gatewayOptions } from './gateway-options.ts'

/** What one role may read of one table, and what becomes of the answers. */
export interface Access {
  readonly role: string
  readonly table: string
  /** Part of the key beside the query, its variables and the role; `all` is the whole session. */
  readonly sessionVariables: readonly string[] | 'all'
  /** What makes an answer stale, as tags. */
  readonly reads: readonly string[]
  readonly fields: readonly FieldAccess[]
}

export interface FieldAccess {
  readonly rootField: string
  /** What the rules say to a query of nothing but this field: 0 is never, `undefined` only with @cached. */
  readonly ttlMs: number | undefined
}

/** One row for each role and table. Rules that name operations are left out: they depend on the query. */
export function accessOf(config: Config, description: UpstreamDescription): readonly Access[] {
  const { rules } = gatewayOptions(config).cache
  const always = rules.filter((rule) => rule.operations === undefined)
  return description.roles.flatMap(({ role, tables }) =>
    tables.map(({ table, rootFields, sessionVariables, reads }) => ({
      role,
      table,
      sessionVariables,
      reads,
      fields: rootFields.map((rootField) => ({
        rootField,
        ttlMs: ttlOf(always, { role, rootField, reads }),
      })),
    })),
  )
}

function ttlOf(
  rules: readonly CacheRule[],
  asked: { readonly role: string; readonly rootField: string; readonly reads: readonly string[] },
): number | undefined {
  const operation = { name: undefined, rootFields: [{ name: asked.rootField }] }
  return ruleFor(rules, operation, { reads: asked.reads }, asked.role)?.ttlMs
}
