import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
} from 'graphql'
import { validationError } from '../errors.ts'

export interface ParsedDocument {
  readonly operation: OperationDefinitionNode
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

/** Far above what people and code generators write, far below what hurts. */
const TOKENS_MAX = 50_000

/** Parses the document and chooses the operation as Hasura does. */
export function parseDocument(query: string, operationName?: string | null): ParsedDocument {
  const document = parseQuery(query)
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION)
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
  return {
    operation: chooseOperation(operations, operationName),
    fragments: new Map(fragments.map((node) => [node.name.value, node])),
  }
}

function parseQuery(query: string): DocumentNode {
  try {
    return parse(query, { noLocation: true, maxTokens: TOKENS_MAX })
  } catch {
    throw validationError('not a valid graphql query', '$.query')
  }
}

function chooseOperation(
  operations: readonly OperationDefinitionNode[],
  operationName: string | null | undefined,
): OperationDefinitionNode {
  if (operationName !== undefined && operationName !== null) {
    const named = operations.find((node) => node.name?.value === operationName)
    if (named !== undefined) return named
    const name = JSON.stringify(operationName)
    throw validationError(`no such operation found in the document: ${name}`, '$')
  }
  const [only] = operations
  if (only !== undefined && operations.length === 1) return only
  throw validationError(
    'exactly one operation has to be present in the document when operationName is not specified',
    '$',
  )
}
