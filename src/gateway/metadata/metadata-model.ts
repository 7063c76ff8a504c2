import type { Catalog } from './catalog.ts'
import type { ObjectName } from './export-schema.ts'

/** What the planner knows of a Hasura: its metadata, joined with the catalogs of its databases. */
export interface MetadataModel {
  readonly resourceVersion: number
  readonly sources: ReadonlyMap<string, Source>
  readonly tables: ReadonlyMap<TableId, Table>
  readonly queryFields: RootFields
  readonly mutationFields: RootFields
  /** The roles that an inherited role inherits from. */
  readonly inheritedRoles: ReadonlyMap<string, readonly string[]>
  /** A field that nothing here explains may be one of a remote schema's, or an action's. */
  readonly unknownFields: 'remote-schema' | 'action' | undefined
  /** What is treated with caution and why, each a sentence. */
  readonly cautions: readonly string[]
}

/** `<source>:<schema>.<name>`. */
export type TableId = string

export interface Source {
  readonly name: string
  /** `undefined` when the database could not be asked, or is none that the gateway can ask. */
  readonly catalog: Catalog | undefined
  /** Its connection is picked by the session. */
  readonly isRouted: boolean
}

export interface Table {
  readonly id: TableId
  readonly source: string
  readonly name: ObjectName
  /** By every name the schema may give them; columns are not listed. */
  readonly fields: ReadonlyMap<string, TableField>
  /** Row filters, by role. */
  readonly selectFilters: ReadonlyMap<string, unknown>
  /** Something of it could not be read: it depends on anything. */
  readonly isOpaque: boolean
}

/** A field that leads out of the row. */
export type TableField =
  | {
      readonly kind: 'relationship'
      /** `undefined` when the metadata does not tell. */
      readonly target: TableId | undefined
      readonly shape: 'rows' | 'aggregate'
    }
  | {
      readonly kind: 'computed'
      /** The table whose rows it returns; `undefined` for a scalar, or when not known. */
      readonly target: TableId | undefined
      readonly readsSession: boolean
    }
  | { readonly kind: 'remote-schema' }

/** By name; a name that may mean several things means all of them. */
export type RootFields = ReadonlyMap<string, readonly RootField[]>

export type RootField =
  | { readonly kind: 'select'; readonly table: TableId; readonly shape: 'rows' | 'aggregate' }
  | { readonly kind: 'write'; readonly table: TableId; readonly event: WriteEvent }
  | {
      readonly kind: 'function'
      /** Whose rows it returns, if known. */
      readonly table: TableId | undefined
      readonly shape: 'rows' | 'aggregate'
      readonly readsSession: boolean
      readonly isVolatile: boolean
    }
  | { readonly kind: 'native-query' }
  | { readonly kind: 'stored-procedure' }
  | { readonly kind: 'action' }
  | { readonly kind: 'namespace'; readonly fields: RootFields }

export type WriteEvent = 'insert' | 'update' | 'delete'

export function tableId(source: string, { schema, name }: ObjectName): TableId {
  return `${source}:${schema}.${name}`
}
