import type { ArgumentValue, SelectedField } from '../graphql/operation.ts'
import { ArgumentWalker } from './argument-walker.ts'
import type { Footprint, Footprints } from './footprints.ts'
import type {
  RemoteSchema,
  RootField,
  RootFields,
  Table,
  TableField,
  TableFields,
  TableId,
} from './metadata-model.ts'
import type { RowReference } from './reached-rows.ts'
import { keyValuesIn } from './row-key.ts'

type RemoteSchemaField = Extract<TableField, { readonly kind: 'remote-schema' }>

/** An entry has a stamp for each; an answer with more rows depends on their table. */
const ROWS_MAX = 50

/** What a query reaches: every table whose rows, as the role sees them, show in the answer or decide it. */
export class QueryReach {
  readonly footprints = new Set<Footprint>()
  /** Rows asked for by their key, whose tags follow from the variables. */
  readonly rows: RowReference[] = []
  readonly arguments = new ArgumentWalker((key, table) => this.#stepInto(key, table))
  readonly #known: Footprints
  readonly #role: string

  constructor(known: Footprints, role: string) {
    this.#known = known
    this.#role = role
  }

  visitRoot(selections: readonly SelectedField[], fields: RootFields): void {
    for (const selected of selections) {
      if (selected.name === '__typename') continue
      if (selected.name.startsWith('__')) this.footprints.add(this.#known.introspection)
      else {
        const meanings = fields.get(selected.name) ?? []
        if (meanings.length === 0) this.footprints.add(this.#known.unknown)
        for (const meaning of meanings) this.#visitRootField(selected, meaning)
      }
    }
  }

  #visitRootField(selected: SelectedField, field: RootField): void {
    switch (field.kind) {
      case 'namespace':
        this.visitRoot(selected.selections, field.fields)
        break
      case 'select':
        if (field.shape !== 'row-by-key') this.#visitRows(selected, field.table, field.shape)
        else if (!this.#visitRow(selected, field.table)) {
          this.#visitRows(selected, field.table, 'rows')
        }
        break
      case 'function':
        this.footprints.add(this.#known.ofFunction(field.call))
        this.#visitRows(selected, field.table, field.shape)
        break
      case 'action':
        this.footprints.add(this.#known.ofAction(field.action))
        this.#visitForeign(selected.selections, field.action.fields)
        break
      case 'remote-schema':
        this.#visitRemote(selected, field.schema)
        break
      case 'stored-procedure':
        this.footprints.add(this.#known.storedProcedure)
        break
      default:
        this.footprints.add(this.#known.unknown)
    }
  }

  /** Tells whether it can be said which row it is. What of it other tables decide is visited like any. */
  #visitRow({ arguments: values, selections }: SelectedField, id: TableId): boolean {
    const table = this.#known.model.tables.get(id)
    const key = table?.rowKey && keyValuesIn(table.rowKey, values)
    if (table === undefined || key === undefined || this.rows.length >= ROWS_MAX) return false
    this.footprints.add(this.#known.ofRow(table, this.#role))
    this.rows.push({ table, key })
    this.#visitSelections(selections, table)
    return true
  }

  #visitRemote({ selections }: SelectedField, schema: RemoteSchema | undefined): void {
    this.footprints.add(this.#known.ofRemoteSchema(schema))
    if (schema !== undefined) this.#visitForeign(selections, schema.fields)
  }

  /** What other services answer may lead back to tables, wherever a field has such a name. */
  #visitForeign(selections: readonly SelectedField[], fields: TableFields): void {
    if (fields.size === 0) return
    for (const selected of selections) {
      const field = fields.get(selected.name)
      if (field?.kind === 'relationship') this.#visitRows(selected, field.target, field.shape)
      else if (field?.kind === 'remote-schema') this.#visitRemote(selected, this.#schemaOf(field))
      else this.#visitForeign(selected.selections, fields)
    }
  }

  #schemaOf({ schema }: RemoteSchemaField): RemoteSchema | undefined {
    return schema === undefined ? undefined : this.#known.model.remoteSchemas.get(schema)
  }

  #visitRows(
    { arguments: values, selections }: SelectedField,
    id: TableId | undefined,
    shape: 'rows' | 'aggregate',
  ): void {
    const table = this.#enter(id)
    if (table === undefined) return
    this.#visitArguments(values, table)
    if (shape === 'rows') this.#visitSelections(selections, table)
    else this.#visitAggregate(selections, table)
  }

  #visitSelections(selections: readonly SelectedField[], table: Table): void {
    for (const selected of selections) {
      if (selected.name === '__typename') continue
      const field = table.fields.get(selected.name)
      if (field !== undefined) this.#visitField(selected, field, table)
      else if (selected.selections.length > 0 || table.isOpaque) {
        // A column has no fields of its own.
        this.footprints.add(this.#known.unknown)
      }
    }
  }

  #visitField(selected: SelectedField, field: TableField, table: Table): void {
    switch (field.kind) {
      case 'relationship':
        this.#visitRows(selected, field.target, field.shape)
        break
      case 'remote-schema':
        this.#visitRemote(selected, this.#schemaOf(field))
        break
      default:
        this.footprints.add(this.#known.ofFunction(field.call))
        if (field.target !== undefined || selected.selections.length > 0) {
          this.#visitRows(selected, field.target, 'rows')
        } else this.#visitArguments(selected.arguments, table)
    }
  }

  /** `nodes` are rows; the rest computes over columns, and over computed fields. */
  #visitAggregate(selections: readonly SelectedField[], table: Table): void {
    for (const { name, selections: inner } of selections) {
      if (name === 'nodes') this.#visitSelections(inner, table)
      else if (name === 'aggregate') this.#visitTotals(inner, table)
      else if (name !== '__typename') this.footprints.add(this.#known.unknown)
    }
  }

  #visitTotals(selections: readonly SelectedField[], table: Table): void {
    for (const { name, arguments: values, selections: inner } of selections) {
      const field = table.fields.get(name)
      if (field?.kind === 'computed') this.footprints.add(this.#known.ofFunction(field.call))
      this.#visitArguments(values, table)
      this.#visitTotals(inner, table)
    }
  }

  #visitArguments(values: ReadonlyMap<string, ArgumentValue>, table: Table): void {
    for (const value of values.values()) this.arguments.visit(value, table)
  }

  /** In `where` and `order_by` rows of other tables count as far as the role sees them. */
  #stepInto(key: string, table: Table): Table | undefined {
    const field = table.fields.get(key)
    if (field === undefined) return table
    if (field.kind === 'remote-schema') return this.#enter(undefined)
    if (field.kind === 'computed') {
      this.footprints.add(this.#known.ofFunction(field.call))
      if (field.target === undefined) return table
    }
    return this.#enter(field.target)
  }

  #enter(id: TableId | undefined): Table | undefined {
    const table = id === undefined ? undefined : this.#known.model.tables.get(id)
    this.footprints.add(
      table === undefined ? this.#known.unknown : this.#known.ofSelect(table, this.#role),
    )
    return table
  }
}
