import { combinePlans } from './combine-plans.ts'
import type { Footprint, Footprints } from './footprints.ts'
import type { RootField, RootFields, Table } from './metadata-model.ts'
import { ADMIN, selectFilters } from './permission-filters.ts'
import type { Plan } from './plan.ts'
import type { ApiLimits } from './request-rules.ts'
import type {
  RateLimitDescription,
  RoleDescription,
  TableDescription,
  UncacheableField,
  UpstreamDescription,
} from './upstream-description.ts'

/** A field of `query` as rules of the configuration name it, and what it means. */
interface NamedField {
  readonly name: string
  readonly field: Exclude<RootField, { readonly kind: 'namespace' }>
}

export function describeModel(footprints: Footprints): UpstreamDescription {
  const { resourceVersion, queryFields, requestRules, cautions } = footprints.model
  const fields = namedFields(queryFields)
  return {
    resourceVersion,
    roles: rolesOf(footprints).map((role) => describeRole(footprints, fields, role)),
    uncacheable: fields.flatMap(({ name, field }) => uncacheable(name, field)),
    onRequestOnly: fields.flatMap(({ name, field }) => onRequestOnly(name, field)),
    rateLimits: rateLimits(requestRules.apiLimits),
    cautions,
  }
}

function rateLimits({ isDisabled, rate }: ApiLimits): readonly RateLimitDescription[] {
  if (isDisabled || rate === undefined) return []
  return [[undefined, rate.global] as const, ...rate.perRole].map(
    ([role, { requestsPerMinute, per }]) => ({
      role,
      requestsPerMinute,
      per: ['role', ...(typeof per === 'string' ? [per] : per)],
    }),
  )
}

/** Of the fields in a namespace only the namespace is a field of the root. */
function namedFields(fields: RootFields, namespace?: string): readonly NamedField[] {
  return [...fields].flatMap(([key, meanings]) =>
    meanings.flatMap((field) =>
      field.kind === 'namespace'
        ? namedFields(field.fields, key)
        : [{ name: namespace ?? key, field }],
    ),
  )
}

function rolesOf({ model }: Footprints): readonly string[] {
  const roles = new Set(model.inheritedRoles.keys())
  for (const { selectFilters: filters } of model.tables.values()) {
    for (const role of filters.keys()) roles.add(role)
  }
  roles.delete(ADMIN)
  return [ADMIN, ...[...roles].sort()]
}

function describeRole(
  footprints: Footprints,
  fields: readonly NamedField[],
  role: string,
): RoleDescription {
  const { model } = footprints
  const tables = [...model.tables.values()].flatMap((table) => {
    if (role !== ADMIN && selectFilters(model, table, role) === undefined) return []
    const own = fields.filter(({ field }) => field.kind === 'select' && field.table === table.id)
    const plan = footprints.ofSelect(table, role)
    return [describe(table, own, plan), ...describeFunctions(footprints, fields, table, plan)]
  })
  return { role, tables: tables.filter(({ rootFields }) => rootFields.length > 0) }
}

/** Functions that return rows of the table: in entries of their own, since they read more than the table. */
function describeFunctions(
  footprints: Footprints,
  fields: readonly NamedField[],
  table: Table,
  rows: Plan,
): readonly TableDescription[] {
  const byFootprint = new Map<Footprint, NamedField[]>()
  for (const named of fields) {
    const { field } = named
    if (field.kind !== 'function' || field.call.isVolatile || field.table !== table.id) continue
    const footprint = footprints.ofFunction(field.call)
    byFootprint.set(footprint, [...(byFootprint.get(footprint) ?? []), named])
  }
  return [...byFootprint].map(([footprint, own]) =>
    describe(table, own, combinePlans([rows, footprint])),
  )
}

function describe(
  { source, name }: Table,
  fields: readonly NamedField[],
  { sessionVariables, reads }: Plan,
): TableDescription {
  return {
    source,
    table: `${name.schema}.${name.name}`,
    rootFields: [...new Set(fields.map((field) => field.name))],
    sessionVariables,
    reads,
  }
}

function uncacheable(rootField: string, field: NamedField['field']): readonly UncacheableField[] {
  switch (field.kind) {
    case 'action':
      return field.action.isAsynchronous ? [{ rootField, reason: 'action' }] : []
    case 'stored-procedure':
      return [{ rootField, reason: 'volatile-function' }]
    case 'function':
      return field.call.isVolatile ? [{ rootField, reason: 'volatile-function' }] : []
    default:
      return []
  }
}

function onRequestOnly(rootField: string, field: NamedField['field']): readonly UncacheableField[] {
  if (field.kind === 'remote-schema') return [{ rootField, reason: 'remote-schema' }]
  const isAnswered = field.kind === 'action' && !field.action.isAsynchronous
  return isAnswered ? [{ rootField, reason: 'action' }] : []
}
