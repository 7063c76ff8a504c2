import { isJsonObject } from '../graphql/lossless-json.ts'
import type { ArgumentValue, JsonObject, Operation, SelectedField } from '../graphql/operation.ts'
import type { PlanPart } from './explanation.ts'
import { part } from './footprints.ts'
import type { Table, WriteEvent } from './metadata-model.ts'
import { relationTag, rowsTag } from './relation-tags.ts'
import {
  type KeyValues,
  keyValuesIn,
  type RelationName,
  type Resolve,
  type RowKey,
  rowTagFor,
} from './row-key.ts'

/** A row that an operation names by its primary key. */
export interface RowReference {
  readonly table: Table
  readonly key: KeyValues
  /** What an update is told beside the key; a column of the key in it moves the row. */
  readonly changes?: readonly ArgumentValue[]
}

/** `undefined` when it cannot be told which row it is, or to which key it goes. */
export function rowChange(
  table: Table,
  { arguments: values }: SelectedField,
  event: WriteEvent,
): RowReference | undefined {
  const { rowKey } = table
  if (rowKey === undefined) return undefined
  if (event === 'delete') {
    const key = keyValuesIn(rowKey, values)
    return key && { table, key }
  }
  const columns = values.get('pk_columns') ?? values.get('pkColumns')
  if (columns?.kind !== 'object' || rowKey.isPreset) return undefined
  const key = keyValuesIn(rowKey, columns.fields)
  const changes = [...values].flatMap(([name, value]) => (KEY_ARGUMENTS.has(name) ? [] : [value]))
  return key && { table, key, changes }
}

const KEY_ARGUMENTS: ReadonlySet<string> = new Set(['pk_columns', 'pkColumns'])

export interface Asked {
  readonly operation: Pick<Operation, 'variableDefaults'>
  readonly variables: JsonObject | undefined
}

/** What reading the row adds to a plan: its own tags, or that of its table when the key is open. */
export function rowRead({ table, key }: RowReference, asked: Asked): PlanPart {
  const relation = relationOf(table)
  const tag = table.rowKey && rowTagFor(table.rowKey, relation, key, resolver(asked))
  const { source, relation: name } = relation
  if (tag === undefined) {
    return part(`a row of ${table.id} by a key that is not plain`, {
      reads: [relationTag(source, name)],
    })
  }
  return part(`a row of ${table.id} by its key`, { reads: [tag, rowsTag(source, name)] })
}

/** What changing the row adds to a plan beside the tag of its table: its own tag, or that of all rows. */
export function rowWrite({ table, key, changes = [] }: RowReference, asked: Asked): PlanPart {
  const relation = relationOf(table)
  const resolve = resolver(asked)
  const { rowKey } = table
  const isMoved = rowKey === undefined || changes.some((value) => mayMove(rowKey, value, resolve))
  const tag = isMoved ? undefined : rowTagFor(rowKey, relation, key, resolve)
  if (tag !== undefined) return part(`a row of ${table.id} by its key`, { writes: [tag] })
  return part(`a row of ${table.id} by a key that is not plain or may change`, {
    writes: [rowsTag(relation.source, relation.relation)],
  })
}

function relationOf({ source, name }: Table): RelationName {
  return { source, relation: `${name.schema}.${name.name}` }
}

function resolver({ operation, variables }: Asked): Resolve {
  return (name) =>
    variables?.has(name) === true ? variables.get(name) : operation.variableDefaults.get(name)
}

/** Whether `_set`, `_inc` or another of an update's operators names a column of the key. */
function mayMove({ columns }: RowKey, value: ArgumentValue, resolve: Resolve): boolean {
  const names = namesIn(value, resolve)
  if (names === undefined) return true
  return names.some((name) => columns.some(({ fieldNames }) => fieldNames.has(name)))
}

/** `undefined` when they cannot be told. */
function namesIn(value: ArgumentValue, resolve: Resolve): readonly string[] | undefined {
  if (value.kind === 'object') return [...value.fields.keys()]
  if (value.kind === 'scalar') return value.text === 'null' ? [] : undefined
  if (value.kind !== 'variable') return undefined
  const given = resolve(value.name)
  if (given === undefined || given === null) return []
  if (typeof given !== 'object') return undefined
  if ('kind' in given) return given.kind === 'variable' ? undefined : namesIn(given, resolve)
  return isJsonObject(given) ? [...given.keys()] : undefined
}
