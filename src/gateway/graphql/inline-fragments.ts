import {
  type ArgumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import { GatewayError } from '../errors.ts'
import { INTROSPECTION } from '../limits/introspection.ts'
import { limitExceeded } from '../limits/limit-errors.ts'
import type { RequestLimits } from '../options.ts'
import { nestingMax } from './document.ts'
import type { ArgumentValue, SelectedField } from './operation.ts'

export interface InlinedOperation {
  readonly rootFields: readonly SelectedField[]
  readonly depth: number
  readonly nodes: number
  /** All fields, leaves too. */
  readonly fields: number
  /** Fields with one. */
  readonly aliases: number
  /** On whatever they stand. */
  readonly directives: number
}

/**
 * The operation's fields with every fragment in its place. A few hundred bytes can spread to 2^30 fields, so
 * they are counted first, each fragment once, and what is too large is refused before it is built. Refuses
 * unknown fragments and cycles in Hasura's words.
 */
export function inlineFragments(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  limits: RequestLimits,
): InlinedOperation {
  const counted = new SizeCounter(fragments, limits).count(operation.selectionSet)
  const size = { ...counted, directives: counted.directives + directivesOf(operation) }
  checkSize(size, limits)
  const rootFields = new FieldCollector(fragments).collect(operation.selectionSet)
  if (rootFields.length > limits.rootFieldsMax) {
    throw limitExceeded('root-field-limit-exceeded', limits.rootFieldsMax)
  }
  return { rootFields, ...size }
}

function checkSize(
  { depth, nodes, fields, aliases, directives }: Size,
  limits: RequestLimits,
): void {
  if (depth > limits.depthMax) throw limitExceeded('depth-limit-exceeded', limits.depthMax)
  if (nodes > limits.nodesMax) throw limitExceeded('node-limit-exceeded', limits.nodesMax)
  // As many as a document without fragments could have.
  if (fields > limits.tokensMax) {
    throw new GatewayError('node-limit-exceeded', `more than ${limits.tokensMax} fields`)
  }
  if (aliases > limits.aliasesMax) throw limitExceeded('alias-limit-exceeded', limits.aliasesMax)
  if (directives > limits.directivesMax) {
    throw limitExceeded('directive-limit-exceeded', limits.directivesMax)
  }
}

/** On the operation itself and its variables. */
function directivesOf({ directives, variableDefinitions = [] }: OperationDefinitionNode): number {
  return variableDefinitions.reduce(
    (sum, variable) => sum + (variable.directives?.length ?? 0),
    directives?.length ?? 0,
  )
}

interface Size {
  /** Longest chain of fields with a selection set. */
  readonly depth: number
  /** Fields with a selection set. */
  readonly nodes: number
  readonly fields: number
  readonly aliases: number
  readonly directives: number
}

class SizeCounter {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #limits: RequestLimits
  readonly #sizes = new Map<string, Size>()
  /** The fragments around the one being counted, outermost first. */
  readonly #open: string[] = []
  /** Where an error is, in Hasura's words. */
  readonly #path: string[] = ['$']
  #level = 0

  constructor(fragments: ReadonlyMap<string, FragmentDefinitionNode>, limits: RequestLimits) {
    this.#fragments = fragments
    this.#limits = limits
  }

  count({ selections }: SelectionSetNode): Size {
    // A chain of fragments nests deeper than any document may.
    if (this.#level > nestingMax(this.#limits)) {
      throw limitExceeded('depth-limit-exceeded', this.#limits.depthMax)
    }
    this.#level += 1
    let [depth, nodes, fields, aliases, directives] = [0, 0, 0, 0, 0]
    for (const selection of selections) {
      const isField = selection.kind === Kind.FIELD
      const size = this.#countSelection(selection)
      depth = Math.max(depth, size.depth)
      nodes += size.nodes
      fields += size.fields + (isField ? 1 : 0)
      aliases += size.aliases + (isField && selection.alias !== undefined ? 1 : 0)
      directives += size.directives + (selection.directives?.length ?? 0)
    }
    this.#level -= 1
    return { depth, nodes, fields, aliases, directives }
  }

  #countSelection(selection: SelectionSetNode['selections'][number]): Size {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#countFragment(selection.name.value)
    if (selection.kind === Kind.INLINE_FRAGMENT) return this.count(selection.selectionSet)
    if (selection.selectionSet === undefined) return NOTHING
    const name = selection.name.value
    this.#path.push(`selectionSet.${name}`)
    const inner = this.count(selection.selectionSet)
    this.#path.pop()
    // Tools introspect deeply, of a schema and not of data: Hasura exempts it from its limits.
    if (INTROSPECTION.has(name)) return { ...inner, depth: 0, nodes: 0 }
    return { ...inner, depth: inner.depth + 1, nodes: inner.nodes + 1 }
  }

  #countFragment(name: string): Size {
    const known = this.#sizes.get(name)
    if (known !== undefined) return known
    this.#path.push('selectionSet')
    const fragment = this.#fragments.get(name)
    if (fragment === undefined) throw this.#invalid(`reference to undefined fragment "${name}"`)
    const outer = this.#open.indexOf(name)
    if (outer >= 0) {
      const names = this.#open.slice(outer).map((open) => `"${open}"`)
      throw this.#invalid(`the fragment definition(s) ${englishList(names)} form a cycle`)
    }
    this.#open.push(name)
    this.#path.push(name)
    const counted = this.count(fragment.selectionSet)
    const directives = counted.directives + (fragment.directives?.length ?? 0)
    const size = { ...counted, directives }
    this.#path.length -= 2
    this.#open.pop()
    this.#sizes.set(name, size)
    return size
  }

  #invalid(message: string): GatewayError {
    return new GatewayError('validation-failed', message, { path: this.#path.join('.') })
  }
}

/** `a`, `a and b`, `a, b, and c`. */
function englishList(items: readonly string[]): string {
  const last = items.at(-1) ?? ''
  const others = items.slice(0, -1)
  if (others.length === 0) return last
  return `${others.join(', ')}${others.length > 1 ? ',' : ''} and ${last}`
}

const NOTHING: Size = { depth: 0, nodes: 0, fields: 0, aliases: 0, directives: 0 }

/** Fields of a fragment are built once, however often it is spread. */
class FieldCollector {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #collected = new Map<string, readonly SelectedField[]>()

  constructor(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#fragments = fragments
  }

  collect(selectionSet: SelectionSetNode | undefined): readonly SelectedField[] {
    if (selectionSet === undefined) return NO_FIELDS
    return selectionSet.selections.flatMap((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#fragment(selection.name.value)
      const selections = this.collect(selection.selectionSet)
      if (selection.kind === Kind.INLINE_FRAGMENT) return selections
      const values = argumentValues(selection.arguments ?? [])
      return [{ name: selection.name.value, arguments: values, selections }]
    })
  }

  #fragment(name: string): readonly SelectedField[] {
    const known = this.#collected.get(name)
    if (known !== undefined) return known
    const fields = this.collect(this.#fragments.get(name)?.selectionSet)
    this.#collected.set(name, fields)
    return fields
  }
}

const NO_FIELDS: readonly SelectedField[] = []
const NO_ARGUMENTS: ReadonlyMap<string, ArgumentValue> = new Map()

function argumentValues(nodes: readonly ArgumentNode[]): ReadonlyMap<string, ArgumentValue> {
  return nodes.length === 0 ? NO_ARGUMENTS : namedValues(nodes)
}

interface NamedValue {
  readonly name: { readonly value: string }
  readonly value: ValueNode
}

/** Of a name given twice both values count: which one Hasura takes is its business. */
function namedValues(nodes: readonly NamedValue[]): ReadonlyMap<string, ArgumentValue> {
  const values = new Map<string, ArgumentValue>()
  for (const { name, value } of nodes) {
    const earlier = values.get(name.value)
    const read = argumentValue(value)
    values.set(name.value, earlier ? { kind: 'list', items: [earlier, read] } : read)
  }
  return values
}

export function argumentValue(node: ValueNode): ArgumentValue {
  switch (node.kind) {
    case Kind.VARIABLE:
      return { kind: 'variable', name: node.name.value }
    case Kind.LIST:
      return { kind: 'list', items: node.values.map(argumentValue) }
    case Kind.OBJECT:
      return { kind: 'object', fields: namedValues(node.fields) }
    case Kind.NULL:
      return { kind: 'scalar', text: 'null' }
    default:
      return { kind: 'scalar', text: String(node.value) }
  }
}
