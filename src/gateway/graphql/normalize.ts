import {
  type ArgumentNode,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql'
import { CACHED } from './cached-directive.ts'

export interface NormalizedOperation {
  readonly text: string
  readonly textWithoutName: string
}

/**
 * One text for all documents that mean the same to Hasura, whatever its schema. It goes into keys and nowhere
 * else: the upstream gets the client's own document.
 *
 * What carries no meaning is gone: white space, comments, other operations, unreachable fragments, the names
 * of fragments, how a string is quoted, the order of arguments, of an input object's fields (Hasura v2 does
 * not keep it either) and of variable definitions; and @cached, which is meant for the gateway. What may carry
 * meaning stays as it is: selections, aliases and directives in their order, numbers as they were written,
 * lists, and the operation's name, which is part of the key in Hasura EE too.
 *
 * The operation's fragments must exist and be free of cycles.
 */
export function normalizeOperation(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): NormalizedOperation {
  const names = new FragmentNames()
  const directives = (operation.directives ?? []).filter(({ name }) => name.value !== CACHED)
  let rest =
    variableDefinitions(operation.variableDefinitions ?? []) +
    directivesText(directives) +
    selectionSet(operation.selectionSet, names)
  // Writing a fragment may name further ones, which the loop then reaches.
  for (const [name, canonicalName] of names.inOrderOfUse()) {
    const fragment = fragments.get(name)
    if (fragment !== undefined) rest += fragmentText(fragment, canonicalName, names)
  }
  const name = operation.name === undefined ? '' : ` ${operation.name.value}`
  return { text: operation.operation + name + rest, textWithoutName: operation.operation + rest }
}

/** f0, f1 … in the order of first use. */
class FragmentNames {
  readonly #names = new Map<string, string>()

  of(name: string): string {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const canonical = `f${this.#names.size}`
    this.#names.set(name, canonical)
    return canonical
  }

  /** Includes names that are added on the way. */
  inOrderOfUse(): Iterable<readonly [string, string]> {
    return this.#names
  }
}

function fragmentText(node: FragmentDefinitionNode, name: string, names: FragmentNames): string {
  const head = `fragment ${name} on ${node.typeCondition.name.value}`
  return head + directivesText(node.directives ?? []) + selectionSet(node.selectionSet, names)
}

function selectionSet({ selections }: SelectionSetNode, names: FragmentNames): string {
  return `{${selections.map((node) => selection(node, names)).join(',')}}`
}

function selection(node: SelectionNode, names: FragmentNames): string {
  const directives = directivesText(node.directives ?? [])
  switch (node.kind) {
    case Kind.FIELD:
      return field(node, directives, names)
    case Kind.FRAGMENT_SPREAD:
      return `...${names.of(node.name.value)}${directives}`
    case Kind.INLINE_FRAGMENT: {
      const condition = node.typeCondition ? `on ${node.typeCondition.name.value}` : ''
      return `...${condition}${directives}${selectionSet(node.selectionSet, names)}`
    }
  }
}

function field(node: FieldNode, directives: string, names: FragmentNames): string {
  const alias = node.alias === undefined ? '' : `${node.alias.value}:`
  const selections = node.selectionSet === undefined ? '' : selectionSet(node.selectionSet, names)
  return alias + node.name.value + argumentsText(node.arguments ?? []) + directives + selections
}

function directivesText(nodes: readonly DirectiveNode[]): string {
  return nodes.map((node) => `@${node.name.value}${argumentsText(node.arguments ?? [])}`).join('')
}

function argumentsText(nodes: readonly ArgumentNode[]): string {
  return nodes.length === 0 ? '' : `(${namedValues(nodes)})`
}

interface NamedValue {
  readonly name: { readonly value: string }
  readonly value: ValueNode
}

function namedValues(nodes: readonly NamedValue[]): string {
  const sorted = nodes.toSorted((a, b) => compare(a.name.value, b.name.value))
  return sorted.map((node) => `${node.name.value}:${valueText(node.value)}`).join(',')
}

function variableDefinitions(nodes: readonly VariableDefinitionNode[]): string {
  if (nodes.length === 0) return ''
  const byName = (a: VariableDefinitionNode, b: VariableDefinitionNode) =>
    compare(a.variable.name.value, b.variable.name.value)
  const texts = nodes.toSorted(byName).map((node) => {
    const value = node.defaultValue === undefined ? '' : `=${valueText(node.defaultValue)}`
    const type = typeText(node.type)
    return `$${node.variable.name.value}:${type}${value}${directivesText(node.directives ?? [])}`
  })
  return `(${texts.join(',')})`
}

function typeText(node: TypeNode): string {
  switch (node.kind) {
    case Kind.NAMED_TYPE:
      return node.name.value
    case Kind.LIST_TYPE:
      return `[${typeText(node.type)}]`
    case Kind.NON_NULL_TYPE:
      return `${typeText(node.type)}!`
  }
}

function valueText(node: ValueNode): string {
  switch (node.kind) {
    case Kind.VARIABLE:
      return `$${node.name.value}`
    case Kind.NULL:
      return 'null'
    case Kind.STRING:
      return JSON.stringify(node.value)
    case Kind.LIST:
      return `[${node.values.map(valueText).join(',')}]`
    case Kind.OBJECT:
      return `{${namedValues(node.fields)}}`
    default:
      return String(node.value)
  }
}

/** By code unit, as `Array.sort` does: the same in every locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
