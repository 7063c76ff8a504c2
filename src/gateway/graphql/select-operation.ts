import type { OperationDefinitionNode } from 'graphql'
import { GatewayError } from '../errors.ts'
import type { GraphqlDocument } from './document.ts'

/**
 * The operation that `operationName` means, by Hasura's rules and in its words (`getSingleOperation` in
 * GraphQL/Transport/HTTP/Protocol.hs). Hasura lets a nameless `query { … }`, unlike `{ … }`, stand beside others;
 * the specification does not, and neither does the gateway.
 */
export function selectOperation(
  { operations }: GraphqlDocument,
  operationName: string | undefined,
): OperationDefinitionNode {
  if (operationName === undefined) {
    const [only, ...others] = operations
    if (only !== undefined && others.length === 0) return only
    throw refused(
      'exactly one operation has to be present in the document when operationName is not specified',
    )
  }
  if (operations.some(({ name }) => name === undefined)) {
    throw refused('operationName cannot be used when an anonymous operation exists in the document')
  }
  const named = operations.find(({ name }) => name?.value === operationName)
  if (named !== undefined) return named
  throw refused(`no such operation found in the document: "${operationName}"`)
}

function refused(message: string): GatewayError {
  return new GatewayError('validation-failed', message)
}
