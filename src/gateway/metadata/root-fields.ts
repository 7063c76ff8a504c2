import type { z } from 'zod'
import {
  actionSchema,
  customRootField,
  functionSchema,
  nativeQuerySchema,
  readEach,
  type sourceSchema,
  storedProcedureSchema,
  type tableSchema,
} from './export-schema.ts'
import type { RootField, RootFields, Source, TableId } from './metadata-model.ts'
import {
  type Affixes,
  customRootFieldNames,
  type NamedObject,
  rootFieldNames,
  type SourceNaming,
} from './naming.ts'
import { returnedTable } from './table-fields.ts'

interface TableRootField extends Affixes {
  readonly key: string
  readonly on: 'query' | 'mutation'
  readonly field: (table: TableId) => RootField
}

const rows = (table: TableId): RootField => ({ kind: 'select', table, shape: 'rows' })
const aggregate = (table: TableId): RootField => ({ kind: 'select', table, shape: 'aggregate' })
const insert = (table: TableId): RootField => ({ kind: 'write', table, event: 'insert' })
const update = (table: TableId): RootField => ({ kind: 'write', table, event: 'update' })
const remove = (table: TableId): RootField => ({ kind: 'write', table, event: 'delete' })

/** The root fields of a table, by their key in `custom_root_fields`. */
const TABLE_ROOT_FIELDS: readonly TableRootField[] = [
  { key: 'select', on: 'query', before: '', after: [], field: rows },
  { key: 'select_by_pk', on: 'query', before: '', after: ['by', 'pk'], field: rows },
  { key: 'select_aggregate', on: 'query', before: '', after: ['aggregate'], field: aggregate },
  { key: 'insert', on: 'mutation', before: 'insert', after: [], field: insert },
  { key: 'insert_one', on: 'mutation', before: 'insert', after: ['one'], field: insert },
  { key: 'update', on: 'mutation', before: 'update', after: [], field: update },
  { key: 'update_by_pk', on: 'mutation', before: 'update', after: ['by', 'pk'], field: update },
  { key: 'update_many', on: 'mutation', before: 'update', after: ['many'], field: update },
  { key: 'delete', on: 'mutation', before: 'delete', after: [], field: remove },
  { key: 'delete_by_pk', on: 'mutation', before: 'delete', after: ['by', 'pk'], field: remove },
]

/** The fields of one root, by every name they may have. */
export class RootFieldIndex {
  readonly #fields = new Map<string, RootField[]>()

  get fields(): RootFields {
    return this.#fields
  }

  add(names: readonly string[], field: RootField): void {
    for (const name of names) {
      const meanings = this.#fields.get(name)
      if (meanings === undefined) this.#fields.set(name, [field])
      else meanings.push(field)
    }
  }

  addTable(
    table: z.output<typeof tableSchema> & { readonly id: TableId },
    on: 'query' | 'mutation',
    naming: SourceNaming,
  ): void {
    const custom = table.configuration?.custom_root_fields ?? {}
    const named = namedObject(table.table, table.configuration?.custom_name)
    for (const { key, on: root, field, ...affixes } of TABLE_ROOT_FIELDS) {
      if (root !== on) continue
      const chosen = customRootField.safeParse(custom[key])
      // One that cannot be read has a name that is not known.
      if (!chosen.success) continue
      const names =
        typeof chosen.data === 'string'
          ? customRootFieldNames(chosen.data, naming)
          : rootFieldNames(named, affixes, naming)
      this.add(names, field(table.id))
    }
  }

  /** Those exposed as mutations go to `mutations`. */
  addFunctions(
    { functions }: Pick<z.output<typeof sourceSchema>, 'functions'>,
    source: Source,
    naming: SourceNaming,
    mutations: RootFieldIndex,
  ): void {
    for (const { function: name, configuration } of readEach(functionSchema, functions).items) {
      const known = source.catalog?.functions.get(`${name.schema}.${name.name}`)
      const isExposedAs = configuration?.exposed_as ?? undefined
      // Hasura makes a query of a volatile function only when told to.
      const isVolatile = known?.isVolatile ?? isExposedAs === 'query'
      const isMutation = isExposedAs === undefined ? known?.isVolatile : isExposedAs === 'mutation'
      const indexes = [
        ...(isMutation === true ? [] : [this]),
        ...(isMutation === false ? [] : [mutations]),
      ]
      const shared = {
        kind: 'function',
        table: returnedTable(name, source),
        readsSession: typeof configuration?.session_argument === 'string',
        isVolatile,
      } as const
      const named = namedObject(name, configuration?.custom_name)
      const custom = configuration?.custom_root_fields
      const row = functionNames(named, custom?.function, [], naming)
      const total = functionNames(named, custom?.function_aggregate, ['aggregate'], naming)
      for (const index of indexes) {
        index.add(row, { ...shared, shape: 'rows' })
        index.add(total, { ...shared, shape: 'aggregate' })
      }
    }
  }

  /** Native queries and stored procedures. */
  addQueries(source: z.output<typeof sourceSchema>, naming: SourceNaming): void {
    for (const query of readEach(nativeQuerySchema, source.native_queries).items) {
      this.add(customRootFieldNames(query.root_field_name, naming), { kind: 'native-query' })
    }
    const procedures = readEach(storedProcedureSchema, source.stored_procedures).items
    for (const { stored_procedure: name, configuration } of procedures) {
      const named = namedObject(name, configuration?.custom_name)
      const names = rootFieldNames(named, { before: '', after: [] }, naming)
      this.add(names, { kind: 'stored-procedure' })
    }
  }
}

export interface ActionFields {
  readonly queries: readonly (readonly [string, RootField])[]
  readonly mutations: readonly (readonly [string, RootField])[]
  readonly unreadableCount: number
}

/** An action of neither known type may be both. An asynchronous mutation is asked for its result by a query. */
export function actionFields(actions: unknown): ActionFields {
  const { items, unreadableCount } = readEach(actionSchema, actions)
  const field: RootField = { kind: 'action' }
  const named = (ones: typeof items) => ones.map(({ name }) => [name, field] as const)
  const isQuery = ({ definition: { type, kind } }: (typeof items)[number]) =>
    (type ?? 'mutation') !== 'mutation' || (kind ?? 'synchronous') !== 'synchronous'
  return {
    queries: named(items.filter(isQuery)),
    mutations: named(items.filter(({ definition }) => definition.type !== 'query')),
    unreadableCount,
  }
}

function functionNames(
  named: NamedObject,
  custom: string | null | undefined,
  after: readonly string[],
  naming: SourceNaming,
): readonly string[] {
  return typeof custom === 'string'
    ? customRootFieldNames(custom, naming)
    : rootFieldNames(named, { before: '', after }, naming)
}

function namedObject(
  name: NamedObject['name'],
  customName: string | null | undefined,
): NamedObject {
  return { name, customName: customName ?? undefined }
}
