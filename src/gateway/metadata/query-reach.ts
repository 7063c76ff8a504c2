import type { ArgumentValue, SelectedField } from '../graphql/operation.ts'
import { ArgumentWalker } from './argument-walker.ts'
import type { Footprint, Footprints } from './footprints.ts'
import type { RootField, RootFields, Table, TableField, TableId } from './metadata-model.ts'

/** What a query reaches: every table whose rows, as the role sees them, show in the answer or decide it. */
export class QueryReach {
  readonly footprints = new Set<Footprint>()
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
        this.#visitRows(selected, field.table, field.shape)
        break
      case 'function':
        this.#visitComputed(field.readsSession)
        if (field.isVolatile) this.footprints.add(this.#known.volatileFunction)
        this.#visitRows(selected, field.table, field.shape)
        break
      case 'action':
        this.footprints.add(this.#known.action)
        break
      case 'stored-procedure':
        this.footprints.add(this.#known.volatileFunction)
        break
      default:
        this.footprints.add(this.#known.unknown)
    }
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
        this.footprints.add(this.#known.remoteSchema)
        break
      default:
        this.#visitComputed(field.readsSession)
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
      if (field?.kind === 'computed') this.#visitComputed(field.readsSession)
      this.#visitArguments(values, table)
      this.#visitTotals(inner, table)
    }
  }

  #visitArguments(values: ReadonlyMap<string, ArgumentValue>, table: Table): void {
    for (const value of values.values()) this.arguments.visit(value, table)
  }

  #visitComputed(readsSession: boolean): void {
    const { computed, computedFromSession } = this.#known
    this.footprints.add(readsSession ? computedFromSession : computed)
  }

  /** In `where` and `order_by` rows of other tables count as far as the role sees them. */
  #stepInto(key: string, table: Table): Table | undefined {
    const field = table.fields.get(key)
    if (field === undefined) return table
    if (field.kind === 'remote-schema') return this.#enter(undefined)
    if (field.kind === 'computed') {
      this.#visitComputed(field.readsSession)
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
