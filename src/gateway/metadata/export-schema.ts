import { z } from 'zod'

/**
 * The parts of `export_metadata` (version 3) that decide what an operation reads, writes and depends on:
 * tooling/hasura/metadata.openapi.json of hasura/graphql-engine has the whole. Lists are read item by item
 * (see `readEach`), and the items strictly: what this version of the gateway does not know must not be taken
 * for something that shares answers.
 */

/** A table, view or function. Sources other than Postgres write them as a list, or with a data set for a schema. */
export const objectName = z
  .union([
    // The usual form first: an alternative that fails costs more than all that succeeds.
    z.strictObject({ schema: z.string().default('public'), name: z.string() }),
    z.string().transform((name) => ({ schema: 'public', name })),
    z
      .strictObject({ dataset: z.string(), name: z.string() })
      .transform(({ dataset, name }) => ({ schema: dataset, name })),
    z
      .array(z.string())
      .min(1)
      .transform((path) => ({ schema: path.slice(0, -1).join('.'), name: path.at(-1) ?? '' })),
  ])
  .readonly()
export type ObjectName = z.output<typeof objectName>

const optionalText = z.string().nullish()
const anything = z.unknown().optional()
const nothing = z.undefined().nullish()
const list = z.array(z.unknown()).nullish()

export const exportSchema = z.object({
  resource_version: z.number(),
  metadata: z.object({
    version: z.literal(3),
    sources: z.array(z.unknown()),
    actions: anything,
    custom_types: anything,
    remote_schemas: anything,
    inherited_roles: anything,
    api_limits: anything,
    graphql_schema_introspection: anything,
    query_collections: anything,
    allowlist: anything,
    rest_endpoints: anything,
  }),
})

export const sourceSchema = z.object({
  name: z.string(),
  kind: z.string(),
  tables: list,
  functions: list,
  native_queries: list,
  logical_models: list,
  stored_procedures: list,
  configuration: anything,
  customization: anything,
})

/** A connection picked per request, from the session or headers. */
export const routedConfiguration = z.object({ connection_template: z.looseObject({}) })

export const customizationSchema = z
  .strictObject({
    naming_convention: z.enum(['hasura-default', 'graphql-default']).nullish(),
    root_fields: z
      .strictObject({ namespace: optionalText, prefix: optionalText, suffix: optionalText })
      .nullish(),
    type_names: anything,
  })
  .nullish()

export const namedTable = z.object({ table: objectName })

export const tableSchema = z.strictObject({
  table: objectName,
  configuration: z
    .strictObject({
      custom_name: optionalText,
      custom_root_fields: z.record(z.string(), z.unknown()).nullish(),
      column_config: anything,
      custom_column_names: anything,
      comment: anything,
    })
    .nullish(),
  object_relationships: list,
  array_relationships: list,
  remote_relationships: list,
  computed_fields: list,
  select_permissions: list,
  insert_permissions: anything,
  update_permissions: anything,
  delete_permissions: anything,
  event_triggers: anything,
  is_enum: anything,
  logical_model: nothing,
  apollo_federation_config: anything,
})

/** Hasura 2.0 to 2.8 wrote the name alone, later ones `{name, comment}`. */
export const customRootField = z
  .union([z.string(), z.object({ name: optionalText }).transform(({ name }) => name)])
  .nullish()

const foreignKeyTo = z.strictObject({
  table: objectName,
  column: z.string().optional(),
  columns: z.array(z.string()).optional(),
})

export const relationshipSchema = z.strictObject({
  name: z.string(),
  comment: anything,
  using: z
    .strictObject({
      foreign_key_constraint_on: z
        .union([z.string().transform((column) => [column]), foreignKeyTo, z.array(z.string())])
        .optional(),
      manual_configuration: z
        .strictObject({
          remote_table: objectName,
          column_mapping: anything,
          insertion_order: anything,
          source: nothing,
        })
        .optional(),
    })
    .refine((using) => Object.keys(using).length === 1),
})

export const remoteRelationshipSchema = z.object({ name: z.string(), definition: z.unknown() })

export const toSourceRelationship = z.strictObject({
  to_source: z.strictObject({
    source: z.string(),
    table: objectName,
    relationship_type: z.enum(['object', 'array']),
    field_mapping: anything,
  }),
})

/** As it is written now, else as it was up to version 2.0. */
export const toRemoteSchema = z.union([
  z
    .strictObject({ to_remote_schema: z.looseObject({ remote_schema: z.string() }) })
    .transform(({ to_remote_schema: definition }) => definition),
  z.looseObject({ remote_schema: z.string() }),
])

export const computedFieldSchema = z.strictObject({
  name: z.string(),
  comment: anything,
  definition: z.strictObject({
    function: objectName,
    session_argument: optionalText,
    table_argument: optionalText,
    /** BigQuery's. */
    argument_mapping: anything,
    return_table: objectName.nullish(),
  }),
})

export const selectPermissionSchema = z.strictObject({
  role: z.string(),
  comment: anything,
  permission: z.strictObject({
    columns: anything,
    filter: z.record(z.string(), z.unknown()),
    limit: anything,
    allow_aggregations: anything,
    computed_fields: anything,
    query_root_fields: anything,
    subscription_root_fields: anything,
  }),
})

export const functionSchema = z.strictObject({
  function: objectName,
  comment: anything,
  permissions: anything,
  configuration: z
    .strictObject({
      custom_name: optionalText,
      custom_root_fields: z
        .strictObject({ function: optionalText, function_aggregate: optionalText })
        .nullish(),
      exposed_as: z.enum(['query', 'mutation']).nullish(),
      session_argument: optionalText,
      response: nothing,
    })
    .nullish(),
})

export const nativeQuerySchema = z.object({
  root_field_name: z.string(),
  code: z.string(),
  arguments: anything,
  /** The name of a logical model. */
  returns: z.string(),
  object_relationships: list,
  array_relationships: list,
})

export const namedNativeQuery = z.object({ root_field_name: z.string() })

/** Their relationships are always by explicit columns, written in one of two ways. */
const explicitTarget = z.strictObject({
  column_mapping: anything,
  insertion_order: anything,
  remote_table: objectName.optional(),
  remote_native_query: z.string().optional(),
})

export const explicitRelationshipSchema = z.strictObject({
  name: z.string(),
  comment: anything,
  using: z.union([
    z
      .strictObject({ manual_configuration: explicitTarget })
      .transform(({ manual_configuration: target }) => target),
    explicitTarget,
  ]),
})

export const logicalModelSchema = z.strictObject({
  name: z.string(),
  description: anything,
  fields: z.array(z.unknown()),
  select_permissions: list,
})

export const storedProcedureSchema = z.object({
  stored_procedure: objectName,
  configuration: z.object({ custom_name: optionalText }).nullish(),
})

const headerNames = z.array(z.string()).nullish()

export const actionSchema = z.object({
  name: z.string(),
  definition: z.object({
    type: z.string().nullish(),
    kind: z.string().nullish(),
    forward_client_headers: z.boolean().nullish(),
    ignored_client_headers: headerNames,
  }),
})

/** Only the relationships of output types lead anywhere. */
export const customTypesSchema = z.object({ objects: list })
export const customObjectSchema = z.object({ name: z.string(), relationships: list })
export const typeRelationshipSchema = z.object({
  name: z.string(),
  type: z.enum(['object', 'array']),
  remote_table: objectName,
  source: z.string().default('default'),
})

export const namedRemoteSchema = z.object({ name: z.string() })

export const remoteSchemaSchema = z.object({
  name: z.string(),
  definition: z.object({
    forward_client_headers: z.boolean().nullish(),
    customization: z
      .object({
        root_fields_namespace: optionalText,
        field_names: list,
      })
      .nullish(),
  }),
  permissions: list,
  remote_relationships: list,
})

export const remoteFieldNames = z.object({
  parent_type: z.string(),
  prefix: optionalText,
  suffix: optionalText,
  mapping: z.record(z.string(), z.string()).nullish(),
})

export const remotePermissionSchema = z.object({
  role: z.string(),
  definition: z.object({ schema: z.string() }),
})

export const remoteTypeRelationships = z.object({ type_name: z.string(), relationships: list })

export const inheritedRoleSchema = z.object({
  role_name: z.string(),
  role_set: z.array(z.string()),
})

export interface Items<T> {
  readonly items: readonly T[]
  /** Items that are not as the schema says. */
  readonly unreadableCount: number
}

/** The items that can be read. An absent list is an empty one. */
export function readEach<T>(schema: z.ZodType<T>, value: unknown): Items<T> {
  if (value === undefined || value === null) return { items: [], unreadableCount: 0 }
  if (!Array.isArray(value)) return { items: [], unreadableCount: 1 }
  const read = value.map((item) => schema.safeParse(item))
  const items = read.flatMap(({ success, data }) => (success ? [data] : []))
  return { items, unreadableCount: value.length - items.length }
}
