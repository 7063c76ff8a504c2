import { type Footprints, toPlan } from './footprints.ts'
import type { RootField, RootFields, Table } from './metadata-model.ts'
import { ADMIN, selectFilters } from './permission-filters.ts'
import type { Plan } from './plan.ts'
import type {
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
  const { resourceVersion, queryFields, cautions } = footprints.model
  const fields = namedFields(queryFields)
  return {
    resourceVersion,
    roles: rolesOf(footprints).map((role) => describeRole(footprints, fields, role)),
    uncacheable: fields.flatMap(({ name, field }) => uncacheable(name, field)),
    cautions,
  }
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
  { computed, computedFromSession }: Footprints,
  fields: readonly NamedField[],
  table: Table,
  rows: Plan,
): readonly TableDescription[] {
  return [computed, computedFromSession].flatMap((footprint) => {
    const readsSession = footprint === computedFromSession
    const own = fields.filter(
      ({ field }) =>
        field.kind === 'function' &&
        !field.isVolatile &&
        field.table === table.id &&
        field.readsSession === readsSession,
    )
    return own.length === 0 ? [] : [describe(table, own, toPlan([rows, footprint]))]
  })
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
      return [{ rootField, reason: 'action' }]
    case 'stored-procedure':
      return [{ rootField, reason: 'volatile-function' }]
    case 'function':
      return field.isVolatile ? [{ rootField, reason: 'volatile-function' }] : []
    default:
      return []
  }
}
