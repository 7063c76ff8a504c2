import {
  type GraphQLInputType,
  type GraphQLSchema,
  isNonNullType,
  isTypeSubTypeOf,
  print,
  type TypeNode,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql'
import { validationError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { fromLiteral, type Input } from './input.ts'

/** The variables of one operation: what was declared, and what came with the request. */
export class Variables {
  readonly #schema: GraphQLSchema
  readonly #definitions: ReadonlyMap<string, VariableDefinitionNode>
  readonly #values: JsonObject

  constructor(
    schema: GraphQLSchema,
    definitions: readonly VariableDefinitionNode[],
    values: JsonObject,
  ) {
    this.#schema = schema
    this.#definitions = new Map(definitions.map((node) => [node.variable.name.value, node]))
    this.#values = values
    this.#refuseUndeclared()
    for (const [name, definition] of this.#definitions) this.#refuseMissing(name, definition)
  }

  /** The value, or the default, for a place of that type; undefined when neither is there. */
  valueFor(name: string, type: GraphQLInputType, path: string): Input | undefined {
    const definition = this.#definitions.get(name)
    if (definition === undefined) throw validationError(`unbound variable ${quote(name)}`, path)
    if (!this.#fits(definition, type)) {
      const declared = print(definition.type)
      throw validationError(
        `variable '${name}' is declared as '${declared}', but used where '${String(type)}' is expected`,
        path,
      )
    }
    const given = this.#values.get(name)
    if (given !== undefined) return given
    return definition.defaultValue === undefined ? undefined : fromLiteral(definition.defaultValue)
  }

  /** GraphQL's "All Variable Usages Are Allowed": a default makes a nullable variable do. */
  #fits(definition: VariableDefinitionNode, type: GraphQLInputType): boolean {
    const declared = declaredType(this.#schema, definition.type)
    if (declared === undefined) return false
    const hasDefault = definition.defaultValue !== undefined
    const wanted =
      hasDefault && isNonNullType(type) && !isNonNullType(declared) ? type.ofType : type
    return isTypeSubTypeOf(this.#schema, declared, wanted)
  }

  #refuseUndeclared(): void {
    const unexpected = [...this.#values.keys()].filter((name) => !this.#definitions.has(name))
    if (unexpected.length === 0) return
    const message = `unexpected variables in variableValues: ${unexpected.join(', ')}`
    throw validationError(message, '$.variableValues')
  }

  #refuseMissing(name: string, { type, defaultValue }: VariableDefinitionNode): void {
    if (type.kind !== 'NonNullType') return
    const value = this.#values.get(name)
    if (value === null) {
      const message = `null value found for non-nullable type: ${quote(print(type))}`
      throw validationError(message, '$.variableValues')
    }
    if (value === undefined && defaultValue === undefined) {
      const message = `expecting a value for non-nullable variable: ${quote(name)}`
      throw validationError(message, '$.variableValues')
    }
  }
}

function declaredType(
  schema: GraphQLSchema,
  node: TypeNode,
): ReturnType<typeof typeFromAST> | undefined {
  // Its overloads are per kind of node.
  if (node.kind === 'NonNullType') return typeFromAST(schema, node)
  return node.kind === 'ListType' ? typeFromAST(schema, node) : typeFromAST(schema, node)
}

function quote(text: string): string {
  return JSON.stringify(text)
}
