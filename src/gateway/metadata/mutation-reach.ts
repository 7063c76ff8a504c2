import type { SelectedField } from '../graphql/operation.ts'
import { ArgumentWalker } from './argument-walker.ts'
import type { Footprint, Footprints } from './footprints.ts'
import type { RootField, RootFields, Table } from './metadata-model.ts'
import { type RowReference, rowChange } from './reached-rows.ts'

type WriteField = Extract<RootField, { readonly kind: 'write' }>

/** What a mutation reaches: every table whose rows can change. Roles only ever change less. */
export class MutationReach {
  readonly footprints = new Set<Footprint>()
  /** Rows changed by their key, whose tags follow from the variables. */
  readonly rows: RowReference[] = []
  readonly arguments = new ArgumentWalker((key, table) => this.#stepInto(key, table))
  readonly #known: Footprints

  constructor(known: Footprints) {
    this.#known = known
    this.footprints.add(known.mutation)
  }

  visitRoot(selections: readonly SelectedField[], fields: RootFields): void {
    for (const selected of selections) {
      if (selected.name === '__typename') continue
      const meanings = fields.get(selected.name) ?? []
      if (meanings.length === 0) this.footprints.add(this.#known.writesAnything)
      for (const meaning of meanings) this.#visitRootField(selected, meaning)
    }
  }

  #visitRootField(selected: SelectedField, field: RootField): void {
    switch (field.kind) {
      case 'namespace':
        this.visitRoot(selected.selections, field.fields)
        break
      case 'write':
        this.#visitWrite(selected, field)
        break
      case 'action':
        this.footprints.add(this.#known.ofActionWrite(field.action))
        break
      default:
        this.footprints.add(this.#known.writesAnything)
    }
  }

  #visitWrite(selected: SelectedField, { table: id, event, isByKey }: WriteField): void {
    const table = this.#known.model.tables.get(id)
    const change = isByKey && table !== undefined ? rowChange(table, selected, event) : undefined
    if (change !== undefined) {
      this.footprints.add(this.#known.ofRowWrite(id, event))
      this.rows.push(change)
      return
    }
    this.footprints.add(this.#known.ofWrite(id, event))
    if (event === 'insert' && table !== undefined) this.#visitInserted(selected, table)
  }

  #visitInserted({ arguments: values }: SelectedField, table: Table): void {
    for (const [name, value] of values) {
      if (name !== 'on_conflict') this.arguments.visit(value, table)
    }
  }

  /** A relationship in an inserted object holds objects that are inserted too. */
  #stepInto(key: string, table: Table): Table | undefined {
    if (key === 'on_conflict') return undefined
    const field = table.fields.get(key)
    if (field?.kind !== 'relationship') return table
    const target =
      field.target === undefined ? undefined : this.#known.model.tables.get(field.target)
    this.footprints.add(
      target === undefined ? this.#known.writesAnything : this.#known.ofWrite(target.id, 'insert'),
    )
    return target
  }
}
