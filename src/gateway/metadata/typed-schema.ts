import type { MetadataModel, PlainType, Table, TableId, TableTypes } from './metadata-model.ts'
import type { Place } from './variable-uses.ts'

/** What the fields of a selection set belong to. */
export type Owner =
  | { readonly kind: 'root' }
  | { readonly kind: 'rows' | 'aggregate'; readonly table: TypedTable }
  /** Of an aggregate, within the database. */
  | { readonly kind: 'totals' }
  | { readonly kind: 'foreign' }

export type TypedTable = Table & { readonly types: TableTypes }

/** What stands in a place by the schema. */
export type Expected =
  | Place
  /** Of objects or names that are left as they are. */
  | { readonly kind: 'list' }
  | { readonly kind: 'where' | 'where-list'; readonly table: TypedTable }
  | { readonly kind: 'comparison'; readonly type: PlainType }

/** What a field's arguments are, and what its fields belong to. */
export interface Meaning {
  readonly owner: Owner
  readonly placeOf: (argument: string) => Expected
}

export const OTHER_PLACE: Place = { kind: 'other' }
export const FOREIGN_PLACE: Place = { kind: 'foreign' }
const FOREIGN: Owner = { kind: 'foreign' }

/** What stands where in a query, as far as the schema is known for certain. */
export class TypedSchema {
  readonly #model: MetadataModel

  constructor(model: MetadataModel) {
    this.#model = model
  }

  /** What a field of this name is. */
  meaningOf(name: string, owner: Owner): Meaning {
    switch (owner.kind) {
      case 'root':
        return this.#rootField(name)
      case 'rows':
        return this.#rowField(name, owner.table)
      case 'aggregate':
        return name === 'nodes'
          ? inDatabase({ ...owner, kind: 'rows' })
          : inDatabase({ kind: 'totals' })
      case 'totals':
        return inDatabase(owner)
      case 'foreign':
        return { owner, placeOf: () => FOREIGN_PLACE }
    }
  }

  #rootField(name: string): Meaning {
    const [field, ...others] = this.#model.queryFields.get(name) ?? []
    const isSelect = field?.kind === 'select' && others.length === 0
    const table = isSelect ? this.#tableOf(field.table) : undefined
    if (!isSelect || table === undefined) return { owner: FOREIGN, placeOf: () => FOREIGN_PLACE }
    if (field.shape !== 'row-by-key') return this.#rows(table, field.shape)
    const { columns } = table.types
    return {
      owner: { kind: 'rows', table },
      placeOf: (argument) => {
        const type = columns.get(argument)
        return type === undefined ? OTHER_PLACE : { kind: 'plain', type, isNullable: false }
      },
    }
  }

  #rowField(name: string, table: TypedTable): Meaning {
    const field = table.fields.get(name)
    // A column: what its arguments choose of it is left alone, and it has no fields.
    if (field === undefined) return { owner: FOREIGN, placeOf: () => OTHER_PLACE }
    const target = field.kind === 'relationship' ? this.#tableOf(field.target) : undefined
    if (field.kind !== 'relationship' || target === undefined) {
      return { owner: FOREIGN, placeOf: () => FOREIGN_PLACE }
    }
    return this.#rows(target, field.shape)
  }

  #rows(table: TypedTable, shape: 'rows' | 'aggregate'): Meaning {
    return {
      owner: { kind: shape, table },
      placeOf: (argument) => {
        switch (argument) {
          case 'where':
            return { kind: 'where', table }
          case 'limit':
          case 'offset':
            return { kind: 'plain', type: 'Int', isNullable: true }
          case 'order_by':
          case 'distinct_on':
            return { kind: 'list' }
          default:
            return OTHER_PLACE
        }
      },
    }
  }

  #tableOf(id: TableId | undefined): TypedTable | undefined {
    const table = id === undefined ? undefined : this.#model.tables.get(id)
    const types = table?.types
    return table === undefined || types === undefined ? undefined : { ...table, types }
  }

  /** What stands under a name in `where`. */
  conditionOf(name: string, table: TypedTable): Expected {
    if (name === '_and' || name === '_or') return { kind: 'where-list', table }
    if (name === '_not') return { kind: 'where', table }
    const field = table.fields.get(name)
    if (field === undefined) {
      const type = table.types.columns.get(name)
      return type === undefined ? OTHER_PLACE : { kind: 'comparison', type }
    }
    if (field.kind !== 'relationship') return FOREIGN_PLACE
    const target = field.shape === 'rows' ? this.#tableOf(field.target) : undefined
    return target === undefined ? OTHER_PLACE : { kind: 'where', table: target }
  }
}

export const CONDITION: Place = { kind: 'plain', type: 'Boolean', isNullable: false }

function inDatabase(owner: Owner): Meaning {
  return { owner, placeOf: () => OTHER_PLACE }
}

const COMPARING: ReadonlySet<string> = new Set(['_eq', '_neq', '_gt', '_gte', '_lt', '_lte'])
const MATCHING: ReadonlySet<string> = new Set(
  ['_like', '_ilike', '_similar', '_regex', '_iregex'].flatMap((name) => [
    name,
    name.replace('_', '_n'),
  ]),
)

/** What is compared with by an operator. */
export function operandOf(operator: string, type: PlainType): Expected {
  if (operator === '_in' || operator === '_nin') return { kind: 'plain-list', type }
  if (operator === '_is_null') return { kind: 'plain', type: 'Boolean', isNullable: true }
  const isPlain = COMPARING.has(operator) || (type === 'String' && MATCHING.has(operator))
  return isPlain ? { kind: 'plain', type, isNullable: true } : OTHER_PLACE
}
