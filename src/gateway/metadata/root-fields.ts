import type { z } from 'zod'
import {
  customRootField,
  functionSchema,
  type ObjectName,
  readEach,
  type sourceSchema,
  storedProcedureSchema,
  type tableSchema,
} from './export-schema.ts'
import type {
  FunctionCall,
  RootField,
  RootFields,
  Source,
  TableId,
  WriteEvent,
} from './metadata-model.ts'
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
const row = (table: TableId): RootField => ({ kind: 'select', table, shape: 'row-by-key' })
const write =
  (event: WriteEvent, isByKey = false) =>
  (table: TableId): RootField => ({ kind: 'write', table, event, isByKey })

/** The root fields of a table, by their key in `custom_root_fields`. */
const TABLE_ROOT_FIELDS: readonly TableRootField[] = [
  { key: 'select', on: 'query', before: '', after: [], field: rows },
  { key: 'select_by_pk', on: 'query', before: '', after: ['by', 'pk'], field: row },
  { key: 'select_aggregate', on: 'query', before: '', after: ['aggregate'], field: aggregate },
  { key: 'insert', on: 'mutation', before: 'insert', after: [], field: write('insert') },
  { key: 'insert_one', on: 'mutation', before: 'insert', after: ['one'], field: write('insert') },
  { key: 'update', on: 'mutation', before: 'update', after: [], field: write('update') },
  {
    key: 'update_by_pk',
    on: 'mutation',
    before: 'update',
    after: ['by', 'pk'],
    field: write('update', true),
  },
  { key: 'update_many', on: 'mutation', before: 'update', after: ['many'], field: write('update') },
  { key: 'delete', on: 'mutation', before: 'delete', after: [], field: write('delete') },
  {
    key: 'delete_by_pk',
    on: 'mutation',
    before: 'delete',
    after: ['by', 'pk'],
    field: write('delete', true),
  },
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
    { callOf, mutations }: FunctionsOptions,
  ): void {
    for (const { function: name, configuration } of readEach(functionSchema, functions).items) {
      const known = source.catalog?.functions.get(`${name.schema}.${name.name}`)
      const isExposedAs = configuration?.exposed_as ?? undefined
      const isMutation = isExposedAs === undefined ? known?.isVolatile : isExposedAs === 'mutation'
      const indexes = [
        ...(isMutation === true ? [] : [this]),
        ...(isMutation === false ? [] : [mutations]),
      ]
      const call = callOf(name, typeof configuration?.session_argument === 'string')
      const shared = {
        kind: 'function',
        table: returnedTable(name, source),
        // Hasura makes a query of a volatile function only when told to.
        call: known === undefined ? { ...call, isVolatile: isExposedAs === 'query' } : call,
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

  addStoredProcedures(
    { stored_procedures: procedures }: z.output<typeof sourceSchema>,
    naming: SourceNaming,
  ): void {
    const { items } = readEach(storedProcedureSchema, procedures)
    for (const { stored_procedure: name, configuration } of items) {
      const named = namedObject(name, configuration?.custom_name)
      const names = rootFieldNames(named, { before: '', after: [] }, naming)
      this.add(names, { kind: 'stored-procedure' })
    }
  }
}

interface FunctionsOptions {
  readonly callOf: (name: ObjectName, hasSessionArgument: boolean) => FunctionCall
  readonly mutations: RootFieldIndex
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
