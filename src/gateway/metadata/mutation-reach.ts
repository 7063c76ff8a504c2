import type { SelectedField } from '../graphql/operation.ts'
import { ArgumentWalker } from './argument-walker.ts'
import type { Footprint, Footprints } from './footprints.ts'
import type { RootField, RootFields, Table } from './metadata-model.ts'

/** What a mutation reaches: every table whose rows can change. Roles only ever change less. */
export class MutationReach {
  readonly footprints = new Set<Footprint>()
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
    if (field.kind === 'namespace') this.visitRoot(selected.selections, field.fields)
    else if (field.kind === 'write') {
      this.footprints.add(this.#known.ofWrite(field.table, field.event))
      const table = this.#known.model.tables.get(field.table)
      if (field.event === 'insert' && table !== undefined) this.#visitInserted(selected, table)
    } else this.footprints.add(this.#known.writesAnything)
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
