import { hash } from 'node:crypto'
import {
  type ArgumentNode,
  type DirectiveNode,
  type FieldNode,
  Kind,
  type ObjectFieldNode,
  type SelectionNode,
  type ValueNode,
} from 'graphql'
import { canonicalJson } from '../graphql/lossless-json.ts'
import { normalizeOperation } from '../graphql/normalize.ts'
import type { OperationSyntax, PreparedRequest } from '../graphql/operation.ts'
import type { MetadataModel, PlainType } from './metadata-model.ts'
import type { KeyTexts } from './planner.ts'
import { hasConflicts } from './selection-conflicts.ts'
import {
  CONDITION,
  type Expected,
  FOREIGN_PLACE,
  OTHER_PLACE,
  type Owner,
  operandOf,
  TypedSchema,
} from './typed-schema.ts'
import { literal } from './typed-values.ts'
import { type Place, VariableUses } from './variable-uses.ts'

/** Of nodes and letters: a document can spread one long argument to thousands of places. */
const SIZE_MAX = 50_000

/**
 * One text for all requests that the types of the schema make mean the same, as far as these are known for certain;
 * `undefined` where the request is keyed as it is written. It goes into keys and nowhere else.
 *
 * Values that are written in one way stand as literals, whether a variable brought them or not; a variable's default
 * stands for a variable that is absent; one value stands as the list of it where a list is wanted; uuids are in
 * lower case; fragments that apply in any case are in their place. What could be refused in one form and taken in
 * the other stays apart.
 */
export function typedRequest(
  model: MetadataModel,
  { operation, variables }: Pick<PreparedRequest, 'operation' | 'variables'>,
): KeyTexts | undefined {
  const { syntax, kind } = operation
  if (syntax === undefined || kind !== 'query') return undefined
  const { definition } = syntax
  const definitions = definition.variableDefinitions ?? []
  // Hasura refuses two of one name; what directives do there, GraphQL leaves open.
  const names = new Set(definitions.map(({ variable }) => variable.name.value))
  if (names.size < definitions.length) return undefined
  if (definitions.some(({ directives = [] }) => directives.length > 0)) return undefined
  const uses = new VariableUses(definitions, variables)
  const first = new Rewriter(model, syntax, (node, place) => {
    uses.note(node, place)
    return node
  })
  if (first.rewrite() === undefined) return undefined
  const second = new Rewriter(model, syntax, (node, place) => uses.resolve(node, place))
  const rewritten = second.rewrite()
  if (rewritten === undefined) return undefined
  const typed = { ...definition, ...rewritten, variableDefinitions: uses.definitions() }
  const { text } = normalizeOperation(typed, new Map())
  return {
    operationDigest: hash('sha256', `typed ${text}`, 'base64url'),
    variablesText: canonicalJson(uses.values()),
  }
}

type Resolve = (
  node: Extract<ValueNode, { readonly kind: Kind.VARIABLE }>,
  place: Place,
) => ValueNode

const ROOT_TYPE = 'query_root'

class Rewriter {
  readonly #schema: TypedSchema
  readonly #syntax: OperationSyntax
  readonly #resolve: Resolve
  #size = 0
  #isGivenUp = false

  constructor(model: MetadataModel, syntax: OperationSyntax, resolve: Resolve) {
    this.#schema = new TypedSchema(model)
    this.#syntax = syntax
    this.#resolve = resolve
  }

  rewrite(): Pick<OperationSyntax['definition'], 'directives' | 'selectionSet'> | undefined {
    const { definition } = this.#syntax
    const directives = this.#directives(definition.directives ?? [])
    const { selections } = definition.selectionSet
    const rewritten = this.#selections(selections, { kind: 'root' }, ROOT_TYPE)
    if (this.#isGivenUp) return undefined
    return { directives, selectionSet: { kind: Kind.SELECTION_SET, selections: rewritten } }
  }

  /** `type` is that of the owner, if it is known, or that of the fragment around, which has applied. */
  #selections(
    nodes: readonly SelectionNode[],
    owner: Owner,
    type: string | undefined,
  ): readonly SelectionNode[] {
    const rewritten = nodes.flatMap((node) => this.#selection(node, owner, type))
    if (hasConflicts(rewritten)) this.#isGivenUp = true
    return rewritten
  }

  #selection(
    node: SelectionNode,
    owner: Owner,
    type: string | undefined,
  ): readonly SelectionNode[] {
    if (!this.#takes(1)) return []
    if (node.kind === Kind.FIELD) return [this.#field(node, owner)]
    const isSpread = node.kind === Kind.FRAGMENT_SPREAD
    const fragment = isSpread ? this.#syntax.fragments.get(node.name.value) : node
    // What a directive on a fragment's definition does, GraphQL leaves open.
    if (fragment === undefined || (isSpread && (fragment.directives ?? []).length > 0)) {
      this.#isGivenUp = true
      return []
    }
    const condition = fragment.typeCondition
    const applies = condition === undefined || condition.name.value === type
    const inner = this.#selections(
      fragment.selectionSet.selections,
      owner,
      condition?.name.value ?? type,
    )
    const directives = this.#directives(node.directives ?? [])
    if (applies && directives.length === 0) return inner
    return [
      {
        kind: Kind.INLINE_FRAGMENT,
        ...(applies || condition === undefined ? {} : { typeCondition: condition }),
        directives,
        selectionSet: { kind: Kind.SELECTION_SET, selections: inner },
      },
    ]
  }

  #field(node: FieldNode, owner: Owner): FieldNode {
    const { owner: inner, placeOf } = this.#schema.meaningOf(node.name.value, owner)
    const given = (node.arguments ?? []).map((one) => this.#argument(one, placeOf))
    const directives = this.#directives(node.directives ?? [])
    const { selectionSet, ...rest } = node
    if (selectionSet === undefined) return { ...rest, arguments: given, directives }
    const type = inner.kind === 'rows' ? inner.table.types.row : undefined
    const selections = this.#selections(selectionSet.selections, inner, type)
    return {
      ...rest,
      arguments: given,
      directives,
      selectionSet: { kind: Kind.SELECTION_SET, selections },
    }
  }

  #argument(node: ArgumentNode, placeOf: (name: string) => Expected): ArgumentNode {
    return { ...node, value: this.#value(node.value, placeOf(node.name.value)) }
  }

  #directives(nodes: readonly DirectiveNode[]): readonly DirectiveNode[] {
    return nodes.map((node) => {
      const isKnown = node.name.value === 'skip' || node.name.value === 'include'
      const given = (node.arguments ?? []).map((one) =>
        this.#argument(one, (name) => (isKnown && name === 'if' ? CONDITION : FOREIGN_PLACE)),
      )
      return { ...node, arguments: given }
    })
  }

  #value(node: ValueNode, expected: Expected): ValueNode {
    if (!this.#takes(node.kind === Kind.STRING ? 1 + node.value.length : 1)) return node
    if (node.kind === Kind.VARIABLE) return this.#variable(node, expected)
    switch (expected.kind) {
      case 'plain':
        return literal(node, expected.type) ?? this.#within(node, OTHER_PLACE)
      case 'plain-list':
        return this.#plainList(node, expected.type)
      case 'list':
        return this.#list(node, OTHER_PLACE)
      case 'where-list':
        return this.#list(node, { ...expected, kind: 'where' })
      case 'where':
        return node.kind === Kind.OBJECT
          ? this.#object(node.fields, (name) => this.#schema.conditionOf(name, expected.table))
          : this.#within(node, OTHER_PLACE)
      case 'comparison':
        return node.kind === Kind.OBJECT
          ? this.#object(node.fields, (name) => operandOf(name, expected.type))
          : this.#within(node, OTHER_PLACE)
      default:
        return this.#within(node, expected)
    }
  }

  #variable(node: Extract<ValueNode, { kind: Kind.VARIABLE }>, expected: Expected): ValueNode {
    const isPlain = expected.kind === 'plain' || expected.kind === 'plain-list'
    const isForeign = expected.kind === 'foreign'
    const value = this.#resolve(node, isPlain || isForeign ? expected : OTHER_PLACE)
    this.#takes(sizeOf(value))
    return value
  }

  #within(node: ValueNode, place: Place): ValueNode {
    if (node.kind === Kind.OBJECT) return this.#object(node.fields, () => place)
    if (node.kind !== Kind.LIST) return node
    return { ...node, values: node.values.map((item) => this.#value(item, place)) }
  }

  #object(nodes: readonly ObjectFieldNode[], expectedOf: (name: string) => Expected): ValueNode {
    const fields = nodes.map((one) => ({
      ...one,
      value: this.#value(one.value, expectedOf(one.name.value)),
    }))
    return { kind: Kind.OBJECT, fields }
  }

  #plainList(node: ValueNode, type: PlainType): ValueNode {
    const item: Expected = { kind: 'plain', type, isNullable: false }
    if (node.kind === Kind.LIST) {
      return { ...node, values: node.values.map((one) => this.#value(one, item)) }
    }
    const single = literal(node, type)
    if (single === undefined) return this.#within(node, OTHER_PLACE)
    return { kind: Kind.LIST, values: [single] }
  }

  /** What could be no item of the list is left alone, and so is `null`, which is no list. */
  #list(node: ValueNode, item: Expected): ValueNode {
    if (node.kind === Kind.LIST) {
      return { ...node, values: node.values.map((one) => this.#value(one, item)) }
    }
    const rewritten = this.#value(node, item)
    const isItem = node.kind === Kind.OBJECT || node.kind === Kind.ENUM
    return isItem ? { kind: Kind.LIST, values: [rewritten] } : rewritten
  }

  #takes(size: number): boolean {
    this.#size += size
    if (this.#size > SIZE_MAX) this.#isGivenUp = true
    return !this.#isGivenUp
  }
}

function sizeOf(node: ValueNode): number {
  if (node.kind === Kind.STRING) return node.value.length
  return node.kind === Kind.LIST ? node.values.reduce((sum, item) => sum + 1 + sizeOf(item), 0) : 0
}
