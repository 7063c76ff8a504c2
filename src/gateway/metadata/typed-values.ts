import { type ConstValueNode, Kind, type TypeNode, type ValueNode } from 'graphql'
import { isJsonNumber, isJsonObject } from '../graphql/lossless-json.ts'
import type { JsonValue } from '../graphql/operation.ts'
import type { PlainType } from './metadata-model.ts'

/** `[T!]` or `T` of a variable, and whether it may be null. */
export interface DeclaredType {
  readonly type: string
  readonly isList: boolean
  readonly isNullable: boolean
  /** Of a list: whether its items may be null. */
  readonly hasNulls: boolean
}

/** `undefined` for lists of lists. */
export function declaredType(node: TypeNode): DeclaredType | undefined {
  const outer = unwrap(node)
  const { kind } = outer.node
  if (kind === Kind.NAMED_TYPE) {
    const { isNullable } = outer
    return { type: outer.node.name.value, isList: false, isNullable, hasNulls: false }
  }
  if (kind !== Kind.LIST_TYPE) return undefined
  const inner = unwrap(outer.node.type)
  if (inner.node.kind !== Kind.NAMED_TYPE) return undefined
  return {
    type: inner.node.name.value,
    isList: true,
    isNullable: outer.isNullable,
    hasNulls: inner.isNullable,
  }
}

function unwrap(node: TypeNode): { readonly node: TypeNode; readonly isNullable: boolean } {
  return node.kind === Kind.NON_NULL_TYPE
    ? { node: node.type, isNullable: false }
    : { node, isNullable: true }
}

export function toPlainType(type: string): PlainType | undefined {
  return type === 'Int' || type === 'Boolean' || type === 'String' || type === 'uuid'
    ? type
    : undefined
}

/** The literal that means the same where a value of that type stands; `undefined` when that is not certain. */
export function literalOf(value: JsonValue, type: PlainType): ConstValueNode | undefined {
  if (typeof value === 'boolean') return literal({ kind: Kind.BOOLEAN, value }, type)
  if (typeof value === 'string') return literal({ kind: Kind.STRING, value }, type)
  if (value === null || isJsonObject(value) || !isJsonNumber(value)) return undefined
  return literal({ kind: Kind.INT, value: value.lexeme }, type)
}

/** A literal of that type, in the one way it is written; `undefined` for any other. */
export function literal(node: ValueNode, type: PlainType): ConstValueNode | undefined {
  switch (type) {
    case 'Int':
      return node.kind === Kind.INT && isInt(node.value) ? node : undefined
    case 'Boolean':
      return node.kind === Kind.BOOLEAN ? node : undefined
    case 'String':
      return node.kind === Kind.STRING ? { kind: Kind.STRING, value: node.value } : undefined
    case 'uuid':
      return node.kind === Kind.STRING && UUID.test(node.value)
        ? { kind: Kind.STRING, value: node.value.toLowerCase() }
        : undefined
  }
}

/** The value in JSON of what `literal` gave. */
export function jsonOf(node: ConstValueNode): JsonValue | undefined {
  if (node.kind === Kind.INT) return { lexeme: node.value }
  return node.kind === Kind.BOOLEAN || node.kind === Kind.STRING ? node.value : undefined
}

/** Postgres reads more spellings of one uuid: these are left as they are. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const INTEGER = /^(?:0|-?[1-9]\d{0,9})$/
const INT_MIN = -(2 ** 31)
const INT_MAX = 2 ** 31 - 1

/** In GraphQL's 32 bits; what is larger may be refused in a variable and taken as a literal. */
function isInt(lexeme: string): boolean {
  return INTEGER.test(lexeme) && Number(lexeme) >= INT_MIN && Number(lexeme) <= INT_MAX
}
