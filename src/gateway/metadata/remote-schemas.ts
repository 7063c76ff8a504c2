import { Kind, parse } from 'graphql'
import { ANY_WRITE } from '../cache/epochs.ts'
import type { DeclaredRemoteSchema } from '../options.ts'
import type { DeclaredTables } from './actions.ts'
import {
  namedRemoteSchema,
  readEach,
  remoteFieldNames,
  remotePermissionSchema,
  remoteSchemaSchema,
  remoteTypeRelationships,
} from './export-schema.ts'
import { EVERY_HEADER, forwardedHeadersOf } from './forwarded-headers.ts'
import type { RemoteSchema, TableField } from './metadata-model.ts'
import { readRemoteRelationships } from './table-fields.ts'

export interface RemoteSchemas {
  readonly byName: ReadonlyMap<string, RemoteSchema>
  /** Fields of `query` that are known to be one's own. */
  readonly rootFields: readonly (readonly [string, RemoteSchema])[]
  /** Its fields are all within. */
  readonly namespaces: readonly (readonly [string, RemoteSchema])[]
  readonly unreadableCount: number
}

/**
 * The metadata does not hold the schemas themselves, but for what roles may see of them: a field of which
 * nothing is said may be any schema's.
 */
export function readRemoteSchemas(
  value: unknown,
  declared: readonly DeclaredRemoteSchema[],
  reads: DeclaredTables['reads'],
): RemoteSchemas {
  const named = readEach(namedRemoteSchema, value)
  const { items } = readEach(remoteSchemaSchema, value)
  const byName = new Map<string, RemoteSchema>()
  const rootFields: [string, RemoteSchema][] = []
  const namespaces: [string, RemoteSchema][] = []
  for (const { name } of named.items) {
    const read = items.find((item) => item.name === name)
    const known = declared.find((one) => one.name === name)
    const permissions = readEach(remotePermissionSchema, read?.permissions)
    const isUnread = read === undefined || permissions.unreadableCount > 0
    const sdl = permissions.items.map(({ definition }) => definition.schema)
    const { fields, unreadableCount } = typeRelationships(read?.remote_relationships)
    const schema: RemoteSchema = {
      name,
      isPublic: known?.isPublic === true && !isUnread && unreadableCount === 0,
      forwardedHeaders: isUnread ? EVERY_HEADER : forwardedHeadersOf(read.definition),
      reads: known?.reads === undefined ? [ANY_WRITE] : reads(known.source, known.reads),
      presetVariables: presetsIn(sdl),
      fields,
    }
    byName.set(name, schema)
    for (const field of known?.rootFields ?? []) rootFields.push([field, schema])
    if (read === undefined) continue
    const { customization } = read.definition
    const namespace = customization?.root_fields_namespace ?? ''
    if (namespace !== '') namespaces.push([namespace, schema])
    else {
      const names = new Set(sdl.flatMap((text) => queryFieldsIn(text, customization?.field_names)))
      for (const field of names) rootFields.push([field, schema])
    }
  }
  const unreadableCount = named.unreadableCount + named.items.length - items.length
  return { byName, rootFields, namespaces, unreadableCount }
}

/** `@preset(value: "x-hasura-…")` of an argument. Wherever else a name like that stands, it does no harm. */
function presetsIn(texts: readonly string[]): readonly string[] {
  const names = texts.flatMap((text) => text.match(/x-hasura-[\w-]+/gi) ?? [])
  return [...new Set(names.map((name) => name.toLowerCase()))].sort()
}

/** Of the types together: which one a field has is not followed. */
function typeRelationships(value: unknown): {
  readonly fields: ReadonlyMap<string, TableField>
  readonly unreadableCount: number
} {
  const types = readEach(remoteTypeRelationships, value)
  const fields = new Map<string, TableField>()
  let { unreadableCount } = types
  for (const { relationships } of types.items) {
    unreadableCount += readRemoteRelationships(fields, relationships)
  }
  return { fields, unreadableCount }
}

/** The fields that a role's schema gives `query`, as they are named in Hasura; none when it cannot be read. */
function queryFieldsIn(sdl: string, fieldNames: unknown): readonly string[] {
  try {
    const { definitions } = parse(sdl, { noLocation: true })
    const schema = definitions.find((one) => one.kind === Kind.SCHEMA_DEFINITION)
    const operation = schema?.operationTypes.find(({ operation: kind }) => kind === 'query')
    const query = operation?.type.name.value ?? 'Query'
    const names = readEach(remoteFieldNames, fieldNames).items.find(
      ({ parent_type: type }) => type === query,
    )
    return definitions.flatMap((one) => {
      const isQuery =
        (one.kind === Kind.OBJECT_TYPE_DEFINITION || one.kind === Kind.OBJECT_TYPE_EXTENSION) &&
        one.name.value === query
      return isQuery ? (one.fields ?? []).map(({ name }) => customised(name.value, names)) : []
    })
  } catch {
    return []
  }
}

function customised(
  name: string,
  names: ReturnType<typeof remoteFieldNames.parse> | undefined,
): string {
  return names?.mapping?.[name] ?? `${names?.prefix ?? ''}${name}${names?.suffix ?? ''}`
}
