import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfigMap,
  GraphQLFloat,
  type GraphQLInputFieldConfigMap,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLString,
} from 'graphql'
import type { RoleModel } from '../permissions.ts'

export type OutputFields = GraphQLFieldConfigMap<unknown, unknown>

/**
 * The types of one role's schema, each made once by its name. Fields are given as functions, since
 * tables refer to each other in circles.
 */
export class Types {
  readonly role: RoleModel
  readonly #objects = new Map<string, GraphQLObjectType>()
  readonly #inputs = new Map<string, GraphQLInputObjectType>()
  readonly #enums = new Map<string, GraphQLEnumType>()
  readonly #scalars = new Map<string, GraphQLScalarType>(BUILT_IN)

  constructor(role: RoleModel) {
    this.role = role
  }

  object(name: string, fields: () => OutputFields): GraphQLObjectType {
    return remember(this.#objects, name, () => new GraphQLObjectType({ name, fields }))
  }

  input(name: string, fields: () => GraphQLInputFieldConfigMap): GraphQLInputObjectType {
    return remember(this.#inputs, name, () => new GraphQLInputObjectType({ name, fields }))
  }

  enumeration(name: string, values: readonly string[]): GraphQLEnumType {
    return remember(this.#enums, name, () => {
      const named = Object.fromEntries(values.map((value) => [value, { value }]))
      return new GraphQLEnumType({ name, values: named })
    })
  }

  /** The GraphQL scalar of a Postgres type: those GraphQL knows, else one of the same name. */
  scalar(type: string): GraphQLScalarType {
    return remember(this.#scalars, type, () => new GraphQLScalarType({ name: type }))
  }
}

const BUILT_IN: readonly (readonly [string, GraphQLScalarType])[] = [
  ['bool', GraphQLBoolean],
  ['float4', GraphQLFloat],
  ['int2', new GraphQLScalarType({ name: 'smallint' })],
  ['int4', GraphQLInt],
  ['int8', new GraphQLScalarType({ name: 'bigint' })],
  ['text', GraphQLString],
  ['varchar', GraphQLString],
]

function remember<T>(known: Map<string, T>, name: string, create: () => T): T {
  const found = known.get(name)
  if (found !== undefined) return found
  const created = create()
  known.set(name, created)
  return created
}
