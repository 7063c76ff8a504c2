import type { OperationDefinitionNode } from 'graphql'
import { validationError } from '../errors.ts'

const ARGUMENTS = new Set(['ttl', 'refresh'])

/** `@cached` is in the schema of Hasura's community edition too, and does nothing there. */
export function checkOperationDirectives(operation: OperationDefinitionNode): void {
  const directives = operation.directives ?? []
  for (const directive of directives) {
    const name = directive.name.value
    if (name !== 'cached') {
      throw validationError(`directive '${name}' is not defined in the schema`, '$')
    }
    if (operation.operation !== 'query') {
      throw validationError(`directive 'cached' is not allowed on a ${operation.operation}`, '$')
    }
    const unknown = directive.arguments?.find((argument) => !ARGUMENTS.has(argument.name.value))
    if (unknown !== undefined) {
      throw validationError(`'cached' has no argument named '${unknown.name.value}'`, '$')
    }
  }
  if (directives.length > 1) {
    throw validationError('the following directives are used more than once: cached', '$')
  }
}
