import { ANY_WRITE, EVERYTHING } from '../cache/epochs.ts'
import type { DeclaredAction } from '../options.ts'
import {
  actionSchema,
  customObjectSchema,
  customTypesSchema,
  readEach,
  typeRelationshipSchema,
} from './export-schema.ts'
import { forwardedHeadersOf } from './forwarded-headers.ts'
import { type Action, type RootField, type TableField, tableId } from './metadata-model.ts'
import type { Tag } from './plan.ts'
import { setRelationship } from './table-fields.ts'

export interface ActionFields {
  readonly queries: readonly (readonly [string, RootField])[]
  readonly mutations: readonly (readonly [string, RootField])[]
  readonly unreadableCount: number
}

export interface ActionsExport {
  readonly actions?: unknown
  readonly custom_types?: unknown
}

/** What is known of tables that the configuration names for an action. */
export interface DeclaredTables {
  readonly reads: (source: string, relations: readonly string[]) => readonly Tag[]
  readonly writes: (source: string, relations: readonly string[]) => readonly Tag[]
}

/** An action of neither known type may be both. An asynchronous mutation is asked for its result by a query. */
export function readActions(
  { actions, custom_types: customTypes }: ActionsExport,
  declared: readonly DeclaredAction[],
  tables: DeclaredTables,
): ActionFields {
  const { items, unreadableCount } = readEach(actionSchema, actions)
  const fields = outputRelationships(customTypes)
  const queries: [string, RootField][] = []
  const mutations: [string, RootField][] = []
  for (const { name, definition } of items) {
    const known = declared.find((one) => one.name === name)
    const isAsynchronous = (definition.kind ?? 'synchronous') !== 'synchronous'
    const action: Action = {
      name,
      forwardedHeaders: forwardedHeadersOf(definition),
      reads: known?.reads === undefined ? [ANY_WRITE] : tables.reads(known.source, known.reads),
      writes:
        known?.writes === undefined ? [EVERYTHING] : tables.writes(known.source, known.writes),
      isAsynchronous,
      fields,
    }
    const type = definition.type ?? 'mutation'
    if (type !== 'mutation' || isAsynchronous) queries.push([name, { kind: 'action', action }])
    if (type !== 'query') mutations.push([name, { kind: 'action', action }])
  }
  return { queries, mutations, unreadableCount }
}

/** Of all output types together: which one a field has is not followed. */
function outputRelationships(customTypes: unknown): ReadonlyMap<string, TableField> {
  const fields = new Map<string, TableField>()
  const read = customTypesSchema.safeParse(customTypes ?? {})
  for (const { relationships } of readEach(customObjectSchema, read.data?.objects).items) {
    for (const one of readEach(typeRelationshipSchema, relationships).items) {
      const earlier = fields.has(one.name)
      const target = tableId(one.source, one.remote_table)
      // Of two types with relationships of one name either may be meant.
      const isList = earlier || one.type === 'array'
      setRelationship(fields, one.name, earlier ? undefined : target, isList)
    }
  }
  return fields
}
