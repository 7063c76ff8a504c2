import type { JsonObject } from '../json.ts'
import type { Field } from '../request/field.ts'
import type { InsertableTable } from '../root-fields.ts'
import { insertStatement } from './insert-statement.ts'
import { NestedInsert, nestedIn, objectsOf, optionalObject } from './nested-insert.ts'
import {
  type Output,
  readBack,
  responseOutput,
  rowOutput,
  type Writer,
  writeAndRead,
} from './write.ts'

export async function insert(
  writer: Writer,
  table: InsertableTable,
  field: Field,
): Promise<string> {
  const objects = objectsOf(field.args.get('objects'))
  return insertAll({ ...writer, path: `${field.path}.args.objects` }, table, {
    objects,
    onConflict: optionalObject(field.args.get('on_conflict')),
    fields: field.fields,
    output: (affected) => responseOutput(table, field.fields, affected),
  })
}

export async function insertOne(
  writer: Writer,
  table: InsertableTable,
  field: Field,
): Promise<string> {
  const objects = objectsOf([field.args.get('object') ?? null])
  return insertAll({ ...writer, path: `${field.path}.args.object` }, table, {
    objects,
    onConflict: optionalObject(field.args.get('on_conflict')),
    fields: field.fields,
    output: () => rowOutput(table, field.fields),
  })
}

interface Insertion {
  readonly objects: readonly JsonObject[]
  readonly onConflict: JsonObject | undefined
  readonly fields: readonly Field[]
  /** `affected` when nested rows were written too. */
  readonly output: (affected?: number) => Output
}

async function insertAll(
  writer: Writer,
  table: InsertableTable,
  { objects, onConflict, fields, output }: Insertion,
): Promise<string> {
  if (objects.length === 0) return readBack(writer, table, [], output())
  if (nestedIn(table, objects).length === 0) {
    const statement = insertStatement(writer.scope, table, objects, onConflict)
    return writeAndRead(writer, table, statement, { output: output(), fields })
  }
  const nested = new NestedInsert(writer)
  const rows = await nested.insert(table, objects, onConflict)
  return readBack(writer, table, rows, output(nested.affected))
}
