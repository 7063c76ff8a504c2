import type { FieldNode } from 'graphql'
import type { JsonObject } from '../json.ts'

/**
 * One field of a selection, checked against the schema: fragments are gone, equal response keys are
 * merged, arguments have their variables filled in.
 */
export interface Field {
  /** The response key: the alias or the name. */
  readonly key: string
  readonly name: string
  /** The type it stands in, which is what `__typename` answers. */
  readonly parent: string
  readonly args: JsonObject
  /** Empty for a leaf. */
  readonly fields: readonly Field[]
  /** Where errors say it is: `$.selectionSet.users`. */
  readonly path: string
  readonly nodes: readonly FieldNode[]
}
