import {
  DirectiveLocation,
  GraphQLBoolean,
  GraphQLDirective,
  type GraphQLFieldConfigArgumentMap,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  specifiedDirectives,
} from 'graphql'
import type { TrackedFunction } from '../model.ts'
import type { RoleModel } from '../permissions.ts'
import type { QueryField, RootFields } from '../root-fields.ts'
import { keyFields, mutationConfig } from './mutations.ts'
import { aggregateType, listArguments, listType, rowType } from './outputs.ts'
import { type OutputFields, Types } from './types.ts'

/** The GraphQL schema of one role, with the names and types Hasura gives. */
export function buildSchema(role: RoleModel, roots: RootFields): GraphQLSchema {
  const types = new Types(role)
  const queries = Object.fromEntries(
    [...roots.query].map(([name, root]) => [name, queryConfig(types, root)]),
  )
  const mutations = Object.fromEntries(
    [...roots.mutation].map(([name, root]) => [name, mutationConfig(types, root)]),
  )
  return new GraphQLSchema({
    query: rootType('query_root', hasFields(queries) ? queries : NO_QUERIES),
    mutation: hasFields(mutations) ? rootType('mutation_root', mutations) : null,
    subscription: hasFields(queries) ? rootType('subscription_root', queries) : null,
    directives: [...specifiedDirectives, CACHED],
  })
}

function rootType(name: string, fields: OutputFields): GraphQLObjectType {
  return new GraphQLObjectType({ name, fields })
}

function hasFields(fields: OutputFields): boolean {
  return Object.keys(fields).length > 0
}

/** A schema must have a query type with a field, even for a role that may read nothing. */
const NO_QUERIES: OutputFields = {
  no_queries_available: {
    type: new GraphQLNonNull(GraphQLString),
    description: 'There are no queries available to the current role.',
  },
}

const CACHED = new GraphQLDirective({
  name: 'cached',
  description: 'whether this query should be cached (Hasura Cloud only)',
  locations: [DirectiveLocation.QUERY],
  args: {
    ttl: { type: new GraphQLNonNull(GraphQLInt), defaultValue: 60 },
    refresh: { type: new GraphQLNonNull(GraphQLBoolean), defaultValue: false },
  },
})

function queryConfig(types: Types, root: QueryField): OutputFields[string] {
  const { table } = root
  const args = listArguments(types, table)
  switch (root.kind) {
    case 'select':
      return { type: listType(rowType(types, table)), args }
    case 'by_pk':
      return { type: rowType(types, table), args: keyFields(types, table) }
    case 'aggregate':
      return { type: new GraphQLNonNull(aggregateType(types, table)), args }
    case 'function':
      return {
        type: listType(rowType(types, table)),
        args: { ...functionArguments(types, root.function), ...args },
      }
    case 'function_aggregate':
      return {
        type: new GraphQLNonNull(aggregateType(types, table)),
        args: { ...functionArguments(types, root.function), ...args },
      }
  }
}

/** What may be left out shows at run time: to GraphQL every argument of a function is optional. */
function functionArguments(
  types: Types,
  { name, catalog }: TrackedFunction,
): GraphQLFieldConfigArgumentMap {
  if (catalog.arguments.length === 0) return {}
  const type = types.input(`${name}_args`, () =>
    Object.fromEntries(
      catalog.arguments.map((argument) => [argument.name, { type: types.scalar(argument.type) }]),
    ),
  )
  const optional = catalog.arguments.every(({ hasDefault }) => hasDefault)
  return { args: { type: optional ? type : new GraphQLNonNull(type) } }
}
