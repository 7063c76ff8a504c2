import type {
  ArgumentValue,
  JsonValue,
  Operation,
  PreparedRequest,
  SelectedField,
} from '../graphql/operation.ts'
import type { MetadataModel, RootFields, Table, TableId } from '../metadata/metadata-model.ts'
import { rowLimitOf } from '../metadata/row-limits.ts'
import type { CostWeights } from './limit-options.ts'

/** What one root field costs, in points. */
export interface FieldCost {
  readonly name: string
  /** Whatever is found: its weight, aggregates, rows to be written. */
  readonly fixed: number
  /** Of the objects that the answer may have; what it does not have is given back. */
  readonly objects: number
}

export interface CostContext {
  readonly role: string
  readonly weights: CostWeights
  /** `undefined` while Hasura's metadata is not known: then what may be a list is one. */
  readonly model: MetadataModel | undefined
}

/**
 * What the root fields of a request cost before it is known what they find: for each object that the answer may
 * have so many points. How many rows a list has is told by its `limit`, written, in a variable or in its
 * default, and by the row limit of the role; else `defaultRows` are assumed.
 */
export function estimateCost(
  { operation, variables }: Pick<PreparedRequest, 'operation' | 'variables'>,
  context: CostContext,
): readonly FieldCost[] {
  const estimator = new Estimator(operation, variables, context)
  return operation.rootFields.map((field) => estimator.rootField(field))
}

/** What a field is, as far as it matters here. */
interface Meaning {
  readonly shape: 'rows' | 'row' | 'aggregate' | 'write' | 'namespace'
  readonly table: TableId | undefined
  /** Of a namespace. */
  readonly fields?: RootFields
}

/** Where a field stands. */
interface Place {
  /** How many times its parent is found. */
  readonly times: number
  /** 1 for what a root field finds. */
  readonly level: number
}

const POINTS_MAX = Number.MAX_SAFE_INTEGER

class Estimator {
  readonly #operation: Operation
  readonly #variables: PreparedRequest['variables']
  readonly #context: CostContext
  #fixed = 0
  #objects = 0

  constructor(operation: Operation, variables: PreparedRequest['variables'], context: CostContext) {
    this.#operation = operation
    this.#variables = variables
    this.#context = context
  }

  rootField(field: SelectedField): FieldCost {
    const { weights, model } = this.#context
    this.#fixed = weights.rootFields.get(field.name) ?? weights.rootField
    this.#objects = 0
    if (field.name === '__schema' || field.name === '__type') {
      // What Hasura has in memory, however deep it is asked for.
      this.#fixed += weights.defaultRows * weights.object
    } else {
      const fields =
        this.#operation.kind === 'mutation' ? model?.mutationFields : model?.queryFields
      this.#visit(field, this.#meaningOfRoot(field, fields), { times: 1, level: 1 })
    }
    const fixed = Math.min(this.#fixed, POINTS_MAX)
    return { name: field.name, fixed, objects: Math.min(this.#objects, POINTS_MAX - fixed) }
  }

  #visit(field: SelectedField, meaning: Meaning, place: Place): void {
    const written = this.#lengthOf(field.arguments.get('objects'))
    if (written !== undefined) this.#fixed += written * this.#context.weights.object * place.times
    if (field.selections.length === 0) return
    switch (meaning.shape) {
      case 'namespace':
        for (const child of field.selections) {
          this.#visit(child, this.#meaningOfRoot(child, meaning.fields), place)
        }
        return
      case 'aggregate':
        this.#visitAggregate(field, meaning.table, place)
        return
      case 'write':
        this.#visitWrite(field, meaning.table, place)
        return
      case 'row':
        this.#visitRows(field, meaning.table, place, 1)
        return
      case 'rows':
        this.#visitRows(field, meaning.table, place, this.#rowsOf(field, meaning.table))
        return
    }
  }

  #visitRows(field: SelectedField, table: TableId | undefined, place: Place, rows: number): void {
    const found = this.#add(place, rows)
    const known = table === undefined ? undefined : this.#context.model?.tables.get(table)
    for (const child of field.selections) this.#visit(child, this.#meaningIn(child, known), found)
  }

  /** `nodes` are the rows; all else that has a selection is one object each. */
  #visitAggregate(field: SelectedField, table: TableId | undefined, place: Place): void {
    this.#fixed += this.#context.weights.aggregate * place.times
    const found = this.#add(place, 1)
    for (const child of field.selections) {
      if (child.name === 'nodes') this.#visitRows(child, table, found, this.#rowsOf(field, table))
      else this.#visitOnes(child, found)
    }
  }

  #visitOnes(field: SelectedField, place: Place): void {
    if (field.selections.length === 0) return
    const found = this.#add(place, 1)
    for (const child of field.selections) this.#visitOnes(child, found)
  }

  #visitWrite(field: SelectedField, table: TableId | undefined, place: Place): void {
    const written = this.#writtenRows(field)
    const returning = field.selections.filter(({ name }) => name === 'returning')
    const isResponse =
      returning.length > 0 || field.selections.some(({ name }) => name === 'affected_rows')
    if (!isResponse) {
      this.#visitRows(field, table, place, 1)
      return
    }
    const updates = this.#lengthOf(field.arguments.get('updates')) ?? 1
    const found = this.#add(place, updates)
    for (const child of returning) this.#visitRows(child, table, found, written)
  }

  #writtenRows({ arguments: given }: SelectedField): number {
    const objects = this.#lengthOf(given.get('objects'))
    if (objects !== undefined) return objects
    return given.has('object') || given.has('pk_columns') ? 1 : this.#context.weights.defaultRows
  }

  #add({ times, level }: Place, rows: number): Place {
    const { object, depth } = this.#context.weights
    const found = times * rows
    this.#objects += found * (object + (level - 1) * depth)
    return { times: found, level: level + 1 }
  }

  #rowsOf({ arguments: given }: SelectedField, table: TableId | undefined): number {
    const { model, role, weights } = this.#context
    const asked = this.#integer(given.get('limit') ?? given.get('first') ?? given.get('last'))
    const allowed =
      table === undefined || model === undefined ? undefined : rowLimitOf(model, table, role)
    if (asked === undefined) return allowed ?? weights.defaultRows
    return allowed === undefined ? asked : Math.min(asked, allowed)
  }

  #meaningOfRoot(field: SelectedField, fields: RootFields | undefined): Meaning {
    for (const meaning of fields?.get(field.name) ?? []) {
      switch (meaning.kind) {
        case 'select':
          return {
            table: meaning.table,
            shape: meaning.shape === 'row-by-key' ? 'row' : meaning.shape,
          }
        case 'function':
          return { table: meaning.table, shape: meaning.shape }
        case 'write':
          return { table: meaning.table, shape: 'write' }
        case 'namespace':
          return { table: undefined, shape: 'namespace', fields: meaning.fields }
      }
    }
    return this.#operation.kind === 'mutation' ? UNKNOWN_WRITE : meaningByName(field.name)
  }

  #meaningIn(field: SelectedField, table: Table | undefined): Meaning {
    const known = table?.fields.get(field.name)
    if (known?.kind === 'relationship') {
      const { shape, isList, target } = known
      return { table: target, shape: shape === 'aggregate' ? shape : isList ? 'rows' : 'row' }
    }
    if (known?.kind === 'computed') return { table: known.target, shape: 'rows' }
    return meaningByName(field.name)
  }

  /** `undefined` for what is no list, or not known. A single object stands for a list of one. */
  #lengthOf(value: ArgumentValue | undefined): number | undefined {
    if (value === undefined) return undefined
    if (value.kind === 'list') return value.items.length
    if (value.kind === 'object') return 1
    if (value.kind === 'scalar') return undefined
    const given = this.#variables?.get(value.name)
    if (given === undefined) {
      const fallback = this.#operation.variableDefaults.get(value.name)
      return fallback?.kind === 'variable' ? undefined : this.#lengthOf(fallback)
    }
    if (Array.isArray(given)) return given.length
    return given instanceof Map ? 1 : undefined
  }

  #integer(value: ArgumentValue | undefined): number | undefined {
    if (value?.kind === 'scalar') return integerOf(value.text)
    if (value?.kind !== 'variable') return undefined
    const given = this.#variables?.get(value.name)
    if (given === undefined) {
      const fallback = this.#operation.variableDefaults.get(value.name)
      return fallback?.kind === 'scalar' ? integerOf(fallback.text) : undefined
    }
    return integerOf(lexemeOf(given))
  }
}

const UNKNOWN_WRITE: Meaning = { table: undefined, shape: 'write' }

/** As Hasura names what it makes of tables. What may be a list is one. */
function meaningByName(name: string): Meaning {
  if (/(?:_by_pk|ByPk)$/.test(name)) return { table: undefined, shape: 'row' }
  if (/(?:_aggregate|Aggregate)$/.test(name)) return { table: undefined, shape: 'aggregate' }
  return { table: undefined, shape: 'rows' }
}

function lexemeOf(value: JsonValue): string {
  return typeof value === 'object' && value !== null && 'lexeme' in value ? value.lexeme : ''
}

/** Hasura refuses a negative one, and takes null for none. */
function integerOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
