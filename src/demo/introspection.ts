import {
  execute,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
} from 'graphql'
import { validationError } from './errors.ts'
import { type JsonObject, toJavaScript } from './json.ts'
import type { Field } from './request/field.ts'

/** Answers one `__schema` or `__type` field as JSON text. */
export async function introspect(
  schema: GraphQLSchema,
  field: Field,
  request: {
    readonly operation: OperationDefinitionNode
    readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
    readonly variables: JsonObject
  },
): Promise<string> {
  const operation: OperationDefinitionNode = {
    ...request.operation,
    // The other fields of the operation are answered by Postgres.
    selectionSet: { kind: Kind.SELECTION_SET, selections: field.nodes },
  }
  const variables = toJavaScript(request.variables)
  const { data, errors = [] } = await execute({
    schema,
    document: { kind: Kind.DOCUMENT, definitions: [operation, ...request.fragments.values()] },
    variableValues: isRecord(variables) ? variables : {},
  })
  const [error] = errors
  if (error !== undefined) throw validationError(error.message, field.path)
  return JSON.stringify(data?.[field.key] ?? null)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
