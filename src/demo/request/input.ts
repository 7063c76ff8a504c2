import { Kind, type ValueNode } from 'graphql'
import { NumberLexeme } from '../json.ts'

/** An argument as written, or a value of the request's variables: the same once it is read. */
export type Input =
  | null
  | boolean
  | string
  | NumberLexeme
  | EnumName
  | VariableUse
  | readonly Input[]
  | InputObject
export type InputObject = ReadonlyMap<string, Input>

export class EnumName {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

export class VariableUse {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

export function isInputList(value: Input): value is readonly Input[] {
  return Array.isArray(value)
}

export function isInputObject(value: Input): value is InputObject {
  return value instanceof Map
}

export function fromLiteral(node: ValueNode): Input {
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.BOOLEAN:
    case Kind.STRING:
      return node.value
    case Kind.INT:
    case Kind.FLOAT:
      return new NumberLexeme(node.value)
    case Kind.ENUM:
      return new EnumName(node.value)
    case Kind.VARIABLE:
      return new VariableUse(node.name.value)
    case Kind.LIST:
      return node.values.map(fromLiteral)
    case Kind.OBJECT:
      return new Map(node.fields.map(({ name, value }) => [name.value, fromLiteral(value)]))
  }
}

/** As Hasura words it in "expected …, but found …". */
export function describeInput(value: Input): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'a boolean'
  if (typeof value === 'string') return 'a string'
  if (value instanceof NumberLexeme) return /^-?\d+$/.test(value.text) ? 'an integer' : 'a float'
  if (value instanceof EnumName) return 'an enum value'
  if (value instanceof VariableUse) return 'a variable'
  return isInputList(value) ? 'a list' : 'an object'
}
