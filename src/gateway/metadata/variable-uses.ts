import {
  type ConstValueNode,
  Kind,
  type ListValueNode,
  type VariableDefinitionNode,
  type VariableNode,
} from 'graphql'
import { isJsonList } from '../graphql/lossless-json.ts'
import type { JsonObject, JsonValue } from '../graphql/operation.ts'
import type { PlainType } from './metadata-model.ts'
import {
  type DeclaredType,
  declaredType,
  jsonOf,
  literal,
  literalOf,
  toPlainType,
} from './typed-values.ts'

/** Where a variable stands: `other` is a place of the database whose type is not looked at. */
export type Place =
  | { readonly kind: 'plain'; readonly type: PlainType; readonly isNullable: boolean }
  | { readonly kind: 'plain-list'; readonly type: PlainType }
  | { readonly kind: 'other' }
  /** Of other services, or not known. */
  | { readonly kind: 'foreign' }

interface Variable {
  readonly definition: VariableDefinitionNode
  readonly declared: DeclaredType | undefined
  readonly given: JsonValue | undefined
  /** The default, of a type that is written in one way. */
  readonly fallback: ConstValueNode | undefined
  useCount: number
  /** In each place that was seen so far, what is given could stand as a literal. */
  isReplaceable: boolean
  isForeign: boolean
}

/** The variables of one request, and in which places they stand. */
export class VariableUses {
  readonly #variables: ReadonlyMap<string, Variable>
  readonly #values: JsonObject

  constructor(definitions: readonly VariableDefinitionNode[], values: JsonObject | undefined) {
    this.#values = values ?? new Map()
    this.#variables = new Map(
      definitions.map((definition) => {
        const name = definition.variable.name.value
        return [name, readVariable(definition, this.#values.get(name))] as const
      }),
    )
  }

  note({ name }: VariableNode, place: Place): void {
    const variable = this.#variables.get(name.value)
    if (variable === undefined) return
    variable.useCount += 1
    variable.isForeign ||= place.kind === 'foreign'
    variable.isReplaceable &&= valueIn(variable, place) !== undefined
  }

  /** The literal in place of the variable, after all its places were noted; else the variable. */
  resolve(node: VariableNode, place: Place): ConstValueNode | ListValueNode | VariableNode {
    const variable = this.#variables.get(node.name.value)
    if (variable === undefined || !isReplaced(variable)) return node
    return valueIn(variable, place) ?? node
  }

  /** Of the variables that stay. */
  definitions(): readonly VariableDefinitionNode[] {
    const kept = [...this.#variables.values()].filter((variable) => !isReplaced(variable))
    return kept.map((variable) => {
      const { definition, fallback } = variable
      if (fallback === undefined || valueOf(variable) === undefined) return definition
      // That there is a default decides where the variable may stand; what it is, no more.
      return valueOf(variable) === null ? definition : { ...definition, defaultValue: ANY_DEFAULT }
    })
  }

  /** The values of those, and all that no variable is defined for. */
  values(): JsonObject {
    const values = new Map(this.#values)
    for (const [name, variable] of this.#variables) {
      const value = valueOf(variable)
      if (isReplaced(variable)) values.delete(name)
      else if (value !== undefined) values.set(name, value)
    }
    return values
  }
}

/** No document has such a literal. */
const ANY_DEFAULT: ConstValueNode = { kind: Kind.ENUM, value: '*' }

function readVariable(definition: VariableDefinitionNode, given: JsonValue | undefined): Variable {
  const declared = declaredType(definition.type)
  const type = declared === undefined || declared.isList ? undefined : toPlainType(declared.type)
  const { defaultValue } = definition
  const fallback = type && defaultValue && literal(defaultValue, type)
  const isPlain = defaultValue === undefined || fallback !== undefined
  const counts = { useCount: 0, isReplaceable: isPlain, isForeign: false }
  return { definition, declared, given, fallback, ...counts }
}

function isReplaced({ useCount, isReplaceable }: Variable): boolean {
  return useCount > 0 && isReplaceable
}

/** `undefined` when the literal could be taken where the variable is refused, or means something else. */
function valueIn(
  { declared, given, fallback }: Variable,
  place: Place,
): ConstValueNode | ListValueNode | undefined {
  if (declared === undefined || (place.kind !== 'plain' && place.kind !== 'plain-list')) {
    return undefined
  }
  const { type } = place
  if (declared.type !== type || declared.isList !== (place.kind === 'plain-list')) return undefined
  if (place.kind === 'plain') {
    if (declared.isNullable && !place.isNullable) return undefined
    return given === undefined ? fallback : literalOf(given, type)
  }
  if (declared.hasNulls || given === undefined || given === null) return undefined
  const items = (isJsonList(given) ? given : [given]).map((item) => literalOf(item, type))
  const values = items.flatMap((item) => item ?? [])
  return values.length === items.length ? { kind: Kind.LIST, values } : undefined
}

/** What Hasura makes of it by the declared type alone. */
function valueOf({
  declared,
  given,
  fallback,
  useCount,
  isForeign,
}: Variable): JsonValue | undefined {
  if (declared === undefined || useCount === 0 || isForeign) return given
  if (given === undefined) return fallback && jsonOf(fallback)
  if (declared.isList) return given === null || isJsonList(given) ? given : [given]
  if (declared.type !== 'uuid') return given
  const known = literalOf(given, 'uuid')
  return known === undefined ? given : (jsonOf(known) ?? given)
}
