import type { Field } from '../request/field.ts'
import type { MutationField } from '../root-fields.ts'
import { deleteByKey, deleteWhere } from './delete.ts'
import { insert, insertOne } from './insert.ts'
import { update, updateByKey, updateMany } from './update.ts'
import type { Writer } from './write.ts'

/** Runs a root field of a mutation and gives its value as JSON text. */
export async function mutationField(
  writer: Writer,
  root: MutationField,
  field: Field,
): Promise<string> {
  switch (root.kind) {
    case 'insert':
      return insert(writer, root.table, field)
    case 'insert_one':
      return insertOne(writer, root.table, field)
    case 'update':
      return update(writer, root.table, field)
    case 'update_many':
      return updateMany(writer, root.table, field)
    case 'update_by_pk':
      return updateByKey(writer, root.table, field)
    case 'delete':
      return deleteWhere(writer, root.table, field)
    case 'delete_by_pk':
      return deleteByKey(writer, root.table, field)
  }
}
