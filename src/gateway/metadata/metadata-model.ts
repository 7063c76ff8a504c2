import type { Catalog } from './catalog.ts'
import type { ObjectName } from './export-schema.ts'
import type { ForwardedHeaders, Tag } from './plan.ts'
import type { RequestRules } from './request-rules.ts'
import type { RowKey } from './row-key.ts'

/** What the planner knows of a Hasura: its metadata, joined with the catalogs of its databases. */
export interface MetadataModel {
  readonly resourceVersion: number
  readonly sources: ReadonlyMap<string, Source>
  readonly tables: ReadonlyMap<TableId, Table>
  readonly queryFields: RootFields
  readonly mutationFields: RootFields
  readonly remoteSchemas: ReadonlyMap<string, RemoteSchema>
  /** The roles that an inherited role inherits from. */
  readonly inheritedRoles: ReadonlyMap<string, readonly string[]>
  /** A field that nothing here explains may be one of a remote schema's, or an action's. */
  readonly unknownFields: 'remote-schema' | 'action' | undefined
  /** Not needed for plans: what limits/ enforces. */
  readonly requestRules: RequestRules
  /** What is treated with caution and why, each a sentence. */
  readonly cautions: readonly string[]
}

/** `<source>:<schema>.<name>`. */
export type TableId = string

export interface Source {
  readonly name: string
  /** `undefined` when the database could not be asked, or is none that the gateway can ask. */
  readonly catalog: Catalog | undefined
  /** Its connection is picked by the session, and by headers if there are any here. */
  readonly routing: { readonly forwardedHeaders: ForwardedHeaders | undefined } | undefined
  /** Whose tables go by their bare name. */
  readonly defaultSchema: string
  /** Whether the types of rows are named as their tables, or in a way that the metadata does not tell. */
  readonly typeNaming: 'hasura-default' | 'unknown' | 'customised'
  /** What the configuration says that views read, and tables of which no catalog tells; all as `schema.name`. */
  readonly declaredViews: ReadonlyMap<string, readonly string[]>
}

/** A table or view; or a native query, which is a table that no one else can name. */
export interface Table {
  readonly id: TableId
  readonly source: string
  readonly name: ObjectName
  /** By every name the schema may give them; columns are not listed. */
  readonly fields: TableFields
  /** Row filters, by role. */
  readonly selectFilters: ReadonlyMap<string, unknown>
  /** How many rows roles are shown at most, where their permission says so. */
  readonly rowLimits: ReadonlyMap<string, number>
  /** Something of it could not be read: it depends on anything. */
  readonly isOpaque: boolean
  /** `undefined` when rows cannot be told apart by it. */
  readonly rowKey: RowKey | undefined
  /** What is known for certain of its types; `undefined` when that is nothing. */
  readonly types: TableTypes | undefined
  /** What a native query reads; `undefined` for a table. */
  readonly query: NativeQuery | undefined
}

/** What is known for certain of the GraphQL types that belong to a table. */
export interface TableTypes {
  /** Of a row; `undefined` when Hasura may name it in several ways. */
  readonly row: string | undefined
  /** By the column's name in GraphQL. Columns of other types, or of types in doubt, are not listed. */
  readonly columns: ReadonlyMap<string, PlainType>
}

/** Types of which a value is written in one way, in a document and in JSON alike. */
export type PlainType = 'Int' | 'Boolean' | 'String' | 'uuid'

export interface NativeQuery {
  readonly reads: readonly Tag[]
  /** Its SQL may ask who asks. */
  readonly readsSession: boolean
}

export type TableFields = ReadonlyMap<string, TableField>

/** A field that leads out of the row. */
export type TableField =
  | {
      readonly kind: 'relationship'
      /** `undefined` when the metadata does not tell. */
      readonly target: TableId | undefined
      readonly shape: 'rows' | 'aggregate'
      /** It may lead to several rows. */
      readonly isList: boolean
    }
  | {
      readonly kind: 'computed'
      readonly call: FunctionCall
      /** The table whose rows it returns; `undefined` for a scalar, or when not known. */
      readonly target: TableId | undefined
    }
  | {
      readonly kind: 'remote-schema'
      /** The name of one; `undefined` when the metadata does not tell. */
      readonly schema: string | undefined
    }

/** A function of the database, as one field calls it. */
export interface FunctionCall {
  /** `<source>:<schema>.<name>`. */
  readonly name: string
  readonly reads: readonly Tag[]
  readonly readsSession: boolean
  readonly isVolatile: boolean
}

/** Another service that Hasura asks: it is told the whole session, and headers if there are any here. */
export interface Action {
  readonly name: string
  readonly forwardedHeaders: ForwardedHeaders | undefined
  readonly reads: readonly Tag[]
  readonly writes: readonly Tag[]
  /** Asking for the result of what was begun earlier. */
  readonly isAsynchronous: boolean
  /** Relationships of its output, at any depth. */
  readonly fields: TableFields
}

export interface RemoteSchema {
  readonly name: string
  /** The configuration says that it answers everybody alike. */
  readonly isPublic: boolean
  readonly forwardedHeaders: ForwardedHeaders | undefined
  readonly reads: readonly Tag[]
  /** Session variables that permissions preset arguments with, of any role. */
  readonly presetVariables: readonly string[]
  /** Relationships of its types, at any depth. */
  readonly fields: TableFields
}

/** By name; a name that may mean several things means all of them. */
export type RootFields = ReadonlyMap<string, readonly RootField[]>

export type RootField =
  | {
      readonly kind: 'select'
      readonly table: TableId
      readonly shape: 'rows' | 'row-by-key' | 'aggregate'
    }
  | {
      readonly kind: 'write'
      readonly table: TableId
      readonly event: WriteEvent
      readonly isByKey: boolean
    }
  | {
      readonly kind: 'function'
      readonly call: FunctionCall
      /** Whose rows it returns, if known. */
      readonly table: TableId | undefined
      readonly shape: 'rows' | 'aggregate'
    }
  | { readonly kind: 'stored-procedure' }
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'remote-schema'; readonly schema: RemoteSchema }
  | { readonly kind: 'namespace'; readonly fields: RootFields }

export type WriteEvent = 'insert' | 'update' | 'delete'

export function tableId(source: string, { schema, name }: ObjectName): TableId {
  return `${source}:${schema}.${name}`
}
