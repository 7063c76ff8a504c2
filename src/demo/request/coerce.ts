import {
  type GraphQLEnumType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import { RequestError, validationError } from '../errors.ts'
import { type JsonValue, NumberLexeme } from '../json.ts'
import {
  describeInput,
  EnumName,
  type Input,
  isInputList,
  isInputObject,
  VariableUse,
} from './input.ts'
import type { Variables } from './variables.ts'

/**
 * The input as its GraphQL type wants it, variables filled in. Undefined when a variable without
 * a value stands there.
 */
export function coerce(
  input: Input,
  type: GraphQLInputType,
  variables: Variables,
  path: string,
): JsonValue | undefined {
  if (input instanceof VariableUse) {
    const value = variables.valueFor(input.name, type, path)
    return value === undefined ? undefined : coerce(value, type, variables, path)
  }
  if (isNonNullType(type)) {
    if (input === null) throw unexpectedNull(type.ofType, path)
    return coerce(input, type.ofType, variables, path)
  }
  if (input === null) return null
  if (isListType(type)) {
    if (!isInputList(input)) return [coerce(input, type.ofType, variables, path) ?? null]
    return input.map(
      (item, index) => coerce(item, type.ofType, variables, `${path}[${index}]`) ?? null,
    )
  }
  if (isInputObjectType(type)) return coerceObject(input, type, variables, path)
  if (isEnumType(type)) return coerceEnum(input, type, path)
  return coerceScalar(input, type.name, path)
}

function coerceObject(
  input: Input,
  type: GraphQLInputObjectType,
  variables: Variables,
  path: string,
): JsonValue {
  if (!isInputObject(input)) throw mismatch('an object', type.name, input, path)
  const fields = type.getFields()
  const values = new Map<string, JsonValue>()
  for (const [name, member] of input) {
    const field = fields[name]
    if (field === undefined) {
      throw validationError(`field '${name}' not found in type: '${type.name}'`, `${path}.${name}`)
    }
    const value = coerce(member, field.type, variables, `${path}.${name}`)
    // `{id: {_eq: null}}` would silently mean "every row"; Hasura refuses it.
    if (value === null && type.name.endsWith('_exp')) {
      throw unexpectedNull(field.type, `${path}.${name}`)
    }
    if (value !== undefined) values.set(name, value)
  }
  for (const [name, field] of Object.entries(fields)) {
    if (values.has(name)) continue
    if (isNonNullType(field.type) && field.defaultValue === undefined) {
      throw validationError(`missing required field '${name}'`, `${path}.${name}`)
    }
  }
  return values
}

/** In a variable an enum value is a string. */
function coerceEnum(input: Input, type: GraphQLEnumType, path: string): JsonValue {
  const name = input instanceof EnumName ? input.name : input
  if (typeof name !== 'string') throw mismatch('an enum value', type.name, input, path)
  if (type.getValue(name) !== undefined) return name
  const names = type.getValues().map((value) => `'${value.name}'`)
  throw validationError(
    `expected one of the values [${names.join(', ')}] for type '${type.name}', but found '${name}'`,
    path,
  )
}

function coerceScalar(input: Input, type: string, path: string): JsonValue {
  const expect = (expected: string, holds: boolean) => {
    if (!holds) throw mismatch(expected, type, input, path)
  }
  switch (type) {
    case 'Int':
      expect('a 32-bit integer', input instanceof NumberLexeme)
      if (input instanceof NumberLexeme) return integer(input, path)
      break
    case 'Float':
      expect('a float', input instanceof NumberLexeme)
      break
    case 'Boolean':
      expect('a boolean', typeof input === 'boolean')
      break
    case 'String':
      expect('a string', typeof input === 'string')
  }
  return plain(input, path)
}

const INT_MAX = 2 ** 31

/** `1.0` and `1e3` are integers too. */
function integer(lexeme: NumberLexeme, path: string): NumberLexeme {
  const number = Number(lexeme.text)
  if (Number.isInteger(number) && number >= -INT_MAX && number < INT_MAX) {
    return new NumberLexeme(String(number))
  }
  const message = `The value ${lexeme.text} lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?`
  throw new RequestError('parse-failed', message, path)
}

/** For Postgres' own types Postgres judges. A variable can be such a value, not a part of one. */
function plain(input: Input, path: string): JsonValue {
  if (input instanceof EnumName) return input.name
  if (input instanceof VariableUse) {
    throw validationError('variables are not allowed inside a JSON value', path)
  }
  if (isInputList(input)) return input.map((item) => plain(item, path))
  if (isInputObject(input)) {
    return new Map([...input].map(([key, item]) => [key, plain(item, path)]))
  }
  return input
}

function mismatch(expected: string, type: string, input: Input, path: string): RequestError {
  return validationError(
    `expected ${expected} for type '${type}', but found ${describeInput(input)}`,
    path,
  )
}

function unexpectedNull(type: GraphQLInputType, path: string): RequestError {
  const name = isNonNullType(type) ? type.ofType : type
  return validationError(`unexpected null value for type '${String(name)}'`, path)
}

/** How many rows: `limit` and `offset` are of type Int but take no negative number. */
export function refuseNegative(value: JsonValue | undefined, path: string): void {
  if (!(value instanceof NumberLexeme) || !value.text.startsWith('-')) return
  throw validationError(
    "expected a non-negative 32-bit integer for type 'Int', but found an integer",
    path,
  )
}
