import {
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLBoolean,
  type GraphQLField,
  GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isNonNullType,
  isObjectType,
  Kind,
  print,
  type SelectionNode,
} from 'graphql'
import { nth } from '../../shared/assert.ts'
import { validationError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { coerce, refuseNegative } from './coerce.ts'
import type { Field } from './field.ts'
import { fromLiteral } from './input.ts'
import type { Variables } from './variables.ts'

/** A document may spread one fragment in many places; in all it may not grow beyond this. */
const FIELDS_MAX = 10_000

const INTROSPECTION = new Set(['__schema', '__type'])

/** Reads selection sets against the schema of a role, with Hasura's messages and paths. */
export class SelectionReader {
  readonly #schema: GraphQLSchema
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #variables: Variables
  #fieldCount = 0

  constructor(
    schema: GraphQLSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    variables: Variables,
  ) {
    this.#schema = schema
    this.#fragments = fragments
    this.#variables = variables
  }

  read(
    type: GraphQLObjectType,
    selections: readonly SelectionNode[],
    path = '$',
  ): readonly Field[] {
    const byKey = new Map<string, FieldNode[]>()
    this.#collect(type, selections, { byKey, inside: [], path })
    return [...byKey].map(([key, nodes]) => this.#field(type, key, nodes, path))
  }

  #field(type: GraphQLObjectType, key: string, nodes: readonly FieldNode[], path: string): Field {
    const node = nth(nodes, 0)
    const name = node.name.value
    const at = `${path}.selectionSet.${name}`
    for (const other of nodes) refuseConflict(key, node, other, path)
    const leaf = { key, name, parent: type.name, args: new Map(), fields: [], path: at, nodes }
    if (name === '__typename') return leaf
    if (INTROSPECTION.has(name) && type === this.#schema.getQueryType()) return leaf

    const definition = type.getFields()[name]
    if (definition === undefined) {
      throw validationError(`field '${name}' not found in type: '${type.name}'`, at)
    }
    const args = this.#arguments(node, definition, at)
    const inner = nodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? [])
    const composite = getNamedType(definition.type)
    if (!isObjectType(composite)) {
      if (inner.length === 0) return { ...leaf, args }
      throw validationError('unexpected subselection set for non-object field', at)
    }
    if (inner.length === 0) throw validationError(`missing selection set for '${name}'`, at)
    return { ...leaf, args, fields: this.read(composite, inner, at) }
  }

  #arguments(
    node: FieldNode,
    definition: GraphQLField<unknown, unknown>,
    path: string,
  ): JsonObject {
    const values = new Map<string, JsonValue>()
    for (const argument of node.arguments ?? []) {
      const name = argument.name.value
      const known = definition.args.find((candidate) => candidate.name === name)
      if (known === undefined) {
        throw validationError(`'${definition.name}' has no argument named '${name}'`, path)
      }
      const at = `${path}.args.${name}`
      const value = coerce(fromLiteral(argument.value), known.type, this.#variables, at)
      if (name === 'limit' || name === 'offset') refuseNegative(value, at)
      if (value !== undefined) values.set(name, value)
    }
    for (const { name, type } of definition.args) {
      if (values.has(name) || !isNonNullType(type)) continue
      throw validationError(`missing required field '${name}'`, `${path}.args.${name}`)
    }
    return values
  }

  /** All fields of the selections, fragments opened, under their response keys. */
  #collect(
    type: GraphQLObjectType,
    selections: readonly SelectionNode[],
    found: { byKey: Map<string, FieldNode[]>; inside: readonly string[]; path: string },
  ): void {
    for (const selection of selections) {
      if (!this.#isIncluded(selection.directives ?? [], found.path)) continue
      if (selection.kind === Kind.FIELD) {
        this.#fieldCount += 1
        if (this.#fieldCount > FIELDS_MAX)
          throw validationError('the query is too large', '$.query')
        const key = selection.alias?.value ?? selection.name.value
        found.byKey.set(key, [...(found.byKey.get(key) ?? []), selection])
        continue
      }
      const spread = selection.kind === Kind.FRAGMENT_SPREAD
      const fragment = spread ? this.#fragment(selection.name.value, found) : selection
      const condition = fragment.typeCondition?.name.value
      if (condition !== undefined && condition !== type.name) continue
      const inside = spread ? [...found.inside, selection.name.value] : found.inside
      this.#collect(type, fragment.selectionSet.selections, { ...found, inside })
    }
  }

  #fragment(
    name: string,
    { inside, path }: { inside: readonly string[]; path: string },
  ): FragmentDefinitionNode {
    if (inside.includes(name)) {
      const names = [...inside.slice(inside.indexOf(name)), name].join(', ')
      throw validationError(`the fragment definition(s) ${names} form a cycle`, path)
    }
    const fragment = this.#fragments.get(name)
    if (fragment === undefined) {
      throw validationError(`reference to undefined fragment "${name}"`, path)
    }
    return fragment
  }

  #isIncluded(directives: readonly DirectiveNode[], path: string): boolean {
    return directives.every(({ name: { value: name }, arguments: given = [] }) => {
      if (name !== 'skip' && name !== 'include') {
        throw validationError(`directive '${name}' is not defined in the schema`, path)
      }
      const argument = given.find((candidate) => candidate.name.value === 'if')
      if (argument === undefined) throw validationError("missing required field 'if'", path)
      const type = new GraphQLNonNull(GraphQLBoolean)
      const value = coerce(fromLiteral(argument.value), type, this.#variables, path)
      return value === (name === 'include')
    })
  }
}

/** Two fields may share a response key only when they are the same field, asked the same way. */
function refuseConflict(key: string, first: FieldNode, second: FieldNode, path: string): void {
  if (first === second) return
  const names = [first.name.value, second.name.value]
  if (names[0] !== names[1]) {
    throw validationError(
      `selection of both '${names.join("' and '")}' specify the same response name, '${key}'`,
      path,
    )
  }
  if (argumentsText(first) === argumentsText(second)) return
  throw validationError(
    `inconsistent arguments between multiple selections of field '${first.name.value}'`,
    path,
  )
}

function argumentsText(node: FieldNode): string {
  return (node.arguments ?? [])
    .map((argument) => print(argument))
    .toSorted()
    .join()
}
