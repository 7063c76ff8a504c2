import { z } from 'zod'

/**
 * Hasura's metadata (version 3), as far as this server reads it. The schemas are loose: what is not
 * named here survives, so that `export_metadata` gives back all that was in the files.
 */
export const qualifiedName = z
  .union([z.string(), z.looseObject({ schema: z.string().optional(), name: z.string() })])
  .transform((name) =>
    typeof name === 'string'
      ? { schema: 'public', name }
      : { schema: name.schema ?? 'public', name: name.name },
  )

const boolExp = z.record(z.string(), z.unknown())
const columns = z.union([z.literal('*'), z.array(z.string())])
const presets = z.record(z.string(), z.unknown()).optional()

const permission = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.array(z.looseObject({ role: z.string(), permission: z.looseObject(shape) })).optional()

const manual = z.looseObject({
  column_mapping: z.record(z.string(), z.string()),
  insertion_order: z.enum(['before_parent', 'after_parent']).nullish(),
  remote_table: qualifiedName,
})
const foreignKey = z.looseObject({
  column: z.string().optional(),
  columns: z.array(z.string()).optional(),
  table: qualifiedName,
})
const relationship = z.looseObject({
  name: z.string(),
  using: z.union([
    z.looseObject({
      foreign_key_constraint_on: z.union([z.string(), z.array(z.string()), foreignKey]),
    }),
    z.looseObject({ manual_configuration: manual }),
  ]),
})

/** Which columns make an operation an event, and which of them the event carries. */
export const triggerOperation = z.looseObject({ columns, payload: columns.optional() })

export const webhookHeader = z.union([
  z.strictObject({ name: z.string().min(1), value: z.string() }),
  z.strictObject({ name: z.string().min(1), value_from_env: z.string() }),
])

export const retryConf = z.looseObject({
  num_retries: z.int().nonnegative().default(0),
  interval_sec: z.number().nonnegative().default(10),
  timeout_sec: z.number().positive().default(60),
})

const eventTriggerSchema = z.looseObject({
  name: z.string(),
  definition: z.looseObject({
    enable_manual: z.boolean().optional(),
    insert: triggerOperation.optional(),
    update: triggerOperation.optional(),
    delete: triggerOperation.optional(),
  }),
  retry_conf: retryConf.prefault({}),
  webhook: z.string().optional(),
  webhook_from_env: z.string().optional(),
  headers: z.array(webhookHeader).optional(),
})

const table = z.looseObject({
  table: qualifiedName,
  configuration: z.looseObject({ custom_name: z.string().optional() }).optional(),
  object_relationships: z.array(relationship).optional(),
  array_relationships: z.array(relationship).optional(),
  insert_permissions: permission({
    check: boolExp.nullish(),
    columns: columns.optional(),
    set: presets,
  }),
  select_permissions: permission({
    columns,
    filter: boolExp,
    limit: z.number().int().nonnegative().optional(),
    allow_aggregations: z.boolean().optional(),
  }),
  update_permissions: permission({
    columns: columns.optional(),
    filter: boolExp,
    check: boolExp.nullish(),
    set: presets,
  }),
  delete_permissions: permission({ filter: boolExp }),
  event_triggers: z.array(eventTriggerSchema).optional(),
})

const trackedFunction = z.looseObject({ function: qualifiedName })

const source = z.looseObject({
  name: z.string(),
  kind: z.string(),
  tables: z.array(table),
  functions: z.array(trackedFunction).optional(),
})

const document = z.looseObject({ version: z.literal(3), sources: z.array(source).length(1) })

export type QualifiedName = z.infer<typeof qualifiedName>
export type TableMetadata = z.infer<typeof table>
export type RelationshipMetadata = z.infer<typeof relationship>
export type FunctionMetadata = z.infer<typeof trackedFunction>
export type EventTrigger = z.infer<typeof eventTriggerSchema>
export type TriggerOperation = z.infer<typeof triggerOperation>
export type MetadataDocument = z.infer<typeof document>
export type BoolExpMetadata = z.infer<typeof boolExp>

export function tableKey(name: QualifiedName): string {
  return `${name.schema}.${name.name}`
}

/** The metadata of one running server: one source, and event triggers that come and go. */
export class DemoMetadata {
  readonly #document: MetadataDocument
  #resourceVersion = 1

  /** Throws ZodError for a document that is not metadata v3 with exactly one source. */
  constructor(json: unknown) {
    this.#document = document.parse(json)
  }

  get resourceVersion(): number {
    return this.#resourceVersion
  }

  get tables(): readonly TableMetadata[] {
    return this.#document.sources.flatMap(({ tables }) => tables)
  }

  get functions(): readonly FunctionMetadata[] {
    return this.#document.sources.flatMap(({ functions }) => functions ?? [])
  }

  get sourceName(): string {
    return this.#document.sources.map(({ name }) => name).join()
  }

  get eventTriggers(): readonly { table: QualifiedName; trigger: EventTrigger }[] {
    return this.tables.flatMap(({ table: name, event_triggers: triggers = [] }) =>
      triggers.map((trigger) => ({ table: name, trigger })),
    )
  }

  /** Every role that some permission names; `admin` is not among them. */
  get roles(): ReadonlySet<string> {
    return new Set(
      this.tables
        .flatMap((entry) => [
          entry.select_permissions,
          entry.insert_permissions,
          entry.update_permissions,
          entry.delete_permissions,
        ])
        .flatMap((permissions) => (permissions ?? []).map(({ role }) => role)),
    )
  }

  /** The answer to `export_metadata` version 2. */
  toExport(): { resource_version: number; metadata: MetadataDocument } {
    return { resource_version: this.#resourceVersion, metadata: structuredClone(this.#document) }
  }

  /** The tables changed, or someone says so: whoever polls the version shall look again. */
  touch(): void {
    this.#resourceVersion += 1
  }

  /** Replaces a trigger of the same name; false when the table is not tracked. */
  addEventTrigger(name: QualifiedName, trigger: EventTrigger): boolean {
    const entry = this.tables.find((candidate) => tableKey(candidate.table) === tableKey(name))
    if (entry === undefined) return false
    this.#dropEventTrigger(trigger.name)
    entry.event_triggers = [...(entry.event_triggers ?? []), trigger]
    this.#resourceVersion += 1
    return true
  }

  /** False when there is no trigger of that name. */
  removeEventTrigger(name: string): boolean {
    const dropped = this.#dropEventTrigger(name)
    if (dropped) this.#resourceVersion += 1
    return dropped
  }

  #dropEventTrigger(name: string): boolean {
    const entry = this.tables.find(({ event_triggers: triggers = [] }) =>
      triggers.some((trigger) => trigger.name === name),
    )
    if (entry === undefined) return false
    entry.event_triggers = entry.event_triggers?.filter((trigger) => trigger.name !== name)
    return true
  }
}
