import { z } from 'zod'
import { readEach } from './export-schema.ts'

/** What the metadata says of requests rather than of data. */
export interface RequestRules {
  readonly apiLimits: ApiLimits
  /** Roles that Hasura does not let ask for the schema. */
  readonly introspectionOffFor: ReadonlySet<string>
  readonly collections: readonly QueryCollection[]
  /** Whose queries are allowed, where Hasura allows nothing else. */
  readonly allowList: readonly AllowedCollection[]
  readonly restEndpoints: readonly RestEndpoint[]
}

/** `undefined` where there is none. */
export interface ApiLimits {
  readonly isDisabled: boolean
  readonly depth: RoleLimit<number> | undefined
  readonly nodes: RoleLimit<number> | undefined
  readonly batchSize: RoleLimit<number> | undefined
  readonly timeMs: RoleLimit<number> | undefined
  readonly rate: RoleLimit<RateLimit> | undefined
}

export interface RoleLimit<T> {
  /** For roles that are not named. */
  readonly global: T
  readonly perRole: ReadonlyMap<string, T>
}

export interface RateLimit {
  readonly requestsPerMinute: number
  /** What is counted apart: the address, or the values of session variables; the role alone when empty. */
  readonly per: 'ip' | readonly string[]
}

export interface QueryCollection {
  readonly name: string
  readonly queries: readonly { readonly name: string; readonly query: string }[]
}

export interface AllowedCollection {
  readonly collection: string
  /** `undefined` for all. */
  readonly roles: readonly string[] | undefined
}

export interface RestEndpoint {
  readonly name: string
  /** `users/:id`, below /api/rest/. */
  readonly url: string
  readonly methods: readonly string[]
  readonly collection: string
  readonly query: string
}

export interface RequestRulesExport {
  readonly api_limits?: unknown
  readonly graphql_schema_introspection?: unknown
  readonly query_collections?: unknown
  readonly allowlist?: unknown
  readonly rest_endpoints?: unknown
}

/** `cautions` learns what cannot be read: it limits and allows as if it were not there. */
export function readRequestRules(metadata: RequestRulesExport, cautions: string[]): RequestRules {
  const collections = readEach(collectionSchema, metadata.query_collections)
  const allowList = readEach(allowedSchema, metadata.allowlist)
  const restEndpoints = readEach(endpointSchema, metadata.rest_endpoints)
  const read = {
    'query collections': collections,
    'allow list': allowList,
    'REST endpoints': restEndpoints,
  }
  for (const [name, { unreadableCount }] of Object.entries(read)) {
    if (unreadableCount > 0) cautions.push(`${unreadableCount} of the ${name} cannot be read`)
  }
  return {
    apiLimits: readApiLimits(metadata.api_limits, cautions),
    introspectionOffFor: readIntrospection(metadata.graphql_schema_introspection, cautions),
    collections: collections.items,
    allowList: allowList.items,
    restEndpoints: restEndpoints.items,
  }
}

const collectionSchema = z
  .object({
    name: z.string(),
    definition: z.object({
      queries: z.array(z.object({ name: z.string(), query: z.string() })),
    }),
  })
  .transform(({ name, definition }): QueryCollection => ({ name, queries: definition.queries }))

const scopeSchema = z.union([
  z.object({ global: z.literal(true) }).transform(() => undefined),
  z
    .object({ global: z.literal(false), roles: z.array(z.string()) })
    .transform(({ roles }) => roles),
])

const allowedSchema = z
  .object({ collection: z.string(), scope: scopeSchema.optional() })
  .transform(({ collection, scope }): AllowedCollection => ({ collection, roles: scope }))

const endpointSchema = z
  .object({
    name: z.string(),
    url: z.string(),
    methods: z.array(z.string()),
    definition: z.object({
      query: z.object({ collection_name: z.string(), query_name: z.string() }),
    }),
  })
  .transform(({ name, url, methods, definition: { query } }): RestEndpoint => {
    return { name, url, methods, collection: query.collection_name, query: query.query_name }
  })

const limitOf = <T>(value: z.ZodType<T>) =>
  z
    .object({ global: value, per_role: z.record(z.string(), value).nullish() })
    .transform(
      ({ global, per_role: perRole }): RoleLimit<T> => ({
        global,
        perRole: new Map(Object.entries(perRole ?? {})),
      }),
    )
    .nullish()
    .transform((limit) => limit ?? undefined)

const count = limitOf(z.number())

const rateSchema = z
  .object({
    max_reqs_per_min: z.number(),
    unique_params: z.union([z.enum(['IP', 'ip']), z.array(z.string())]).nullish(),
  })
  .transform(({ max_reqs_per_min: requestsPerMinute, unique_params: params }): RateLimit => {
    const per = Array.isArray(params) ? params.map((name) => name.toLowerCase()) : []
    return { requestsPerMinute, per: typeof params === 'string' ? 'ip' : per }
  })

const apiLimitsSchema = z.object({
  disabled: z.boolean().nullish(),
  depth_limit: count,
  node_limit: count,
  batch_limit: count,
  /** In seconds. */
  time_limit: limitOf(z.number().transform((seconds) => seconds * 1_000)),
  rate_limit: limitOf(rateSchema),
})

function readApiLimits(value: unknown, cautions: string[]): ApiLimits {
  const read = apiLimitsSchema.safeParse(value ?? {})
  if (!read.success) cautions.push('the API limits cannot be read')
  const limits = read.data
  return {
    isDisabled: limits?.disabled ?? false,
    depth: limits?.depth_limit,
    nodes: limits?.node_limit,
    batchSize: limits?.batch_limit,
    timeMs: limits?.time_limit,
    rate: limits?.rate_limit,
  }
}

const introspectionSchema = z.object({ disabled_for_roles: z.array(z.string()).nullish() })

function readIntrospection(value: unknown, cautions: string[]): ReadonlySet<string> {
  const read = introspectionSchema.safeParse(value ?? {})
  if (!read.success) cautions.push('for whom introspection is off cannot be read')
  return new Set(read.data?.disabled_for_roles)
}
