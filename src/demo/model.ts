import type { Catalog, CatalogFunction, CatalogTable } from './catalog.ts'
import {
  type DemoMetadata,
  type QualifiedName,
  type RelationshipMetadata,
  type TableMetadata,
  tableKey,
} from './metadata.ts'

/** Metadata joined with the catalogue: every tracked table with its relationships resolved. */
export interface Model {
  /** By `schema.name`. */
  readonly tables: ReadonlyMap<string, TrackedTable>
  readonly functions: readonly TrackedFunction[]
}

export interface TrackedTable {
  readonly key: string
  /** The base of all its GraphQL names. */
  readonly name: string
  readonly catalog: CatalogTable
  readonly metadata: TableMetadata
  readonly relationships: ReadonlyMap<string, Relationship>
}

export interface Relationship {
  readonly name: string
  readonly kind: 'object' | 'array'
  /** Key of the table it leads to. */
  readonly target: string
  readonly columns: readonly { readonly local: string; readonly remote: string }[]
  /** A row this one refers to must be inserted before it. */
  readonly insertBefore: boolean
  /** True unless a foreign key of NOT NULL columns promises a row. */
  readonly nullable: boolean
}

export interface TrackedFunction {
  readonly name: string
  readonly catalog: CatalogFunction
  readonly returns: string
}

/** Throws when metadata names a table, column or foreign key that the database does not have. */
export function buildModel(metadata: DemoMetadata, catalog: Catalog): Model {
  const tables = metadata.tables.map((entry) => toTracked(entry, catalog))
  return {
    tables: new Map(tables.map((table) => [table.key, table])),
    functions: metadata.functions.map(({ function: name }) => {
      const found = catalog.functions.get(tableKey(name))
      if (found?.returns === undefined || found.volatility === 'volatile') {
        throw new Error(`function ${tableKey(name)} does not read rows of a table`)
      }
      return { name: graphqlName(name), catalog: found, returns: found.returns }
    }),
  }
}

function toTracked(metadata: TableMetadata, catalog: Catalog): TrackedTable {
  const key = tableKey(metadata.table)
  const table = catalog.tables.get(key)
  if (table === undefined) throw new Error(`table ${key} is tracked but does not exist`)
  const { object_relationships: objects = [], array_relationships: arrays = [] } = metadata
  const relationships = [
    ...objects.map((entry) => toRelationship(entry, 'object', table, catalog)),
    ...arrays.map((entry) => toRelationship(entry, 'array', table, catalog)),
  ]
  return {
    key,
    name: metadata.configuration?.custom_name ?? graphqlName(metadata.table),
    catalog: table,
    metadata,
    relationships: new Map(relationships.map((entry) => [entry.name, entry])),
  }
}

function graphqlName({ schema, name }: QualifiedName): string {
  return schema === 'public' ? name : `${schema}_${name}`
}

function toRelationship(
  { name, using }: RelationshipMetadata,
  kind: Relationship['kind'],
  table: CatalogTable,
  catalog: Catalog,
): Relationship {
  if (isManual(using)) {
    const {
      column_mapping: mapping,
      insertion_order: order,
      remote_table: target,
    } = using.manual_configuration
    return {
      name,
      kind,
      target: tableKey(target),
      columns: Object.entries(mapping).map(([local, remote]) => ({ local, remote })),
      insertBefore: kind === 'object' && order !== 'after_parent',
      nullable: true,
    }
  }
  return { name, kind, ...byForeignKey(using, name, table, catalog) }
}

type Using = RelationshipMetadata['using']
type Manual = Extract<Using, { manual_configuration: unknown }>

function isManual(using: Using): using is Manual {
  return using['manual_configuration'] !== undefined
}

/** By a key of this table (its column names), or by a key of another table that leads here. */
function byForeignKey(
  using: Using,
  name: string,
  table: CatalogTable,
  catalog: Catalog,
): Pick<Relationship, 'target' | 'columns' | 'insertBefore' | 'nullable'> {
  const on = isManual(using) ? [] : using.foreign_key_constraint_on
  const own = typeof on === 'string' ? [on] : on
  if (Array.isArray(own)) {
    const key = findKey(catalog, table, own, name)
    return {
      target: tableKey(key.to),
      columns: key.columns.map(({ from, to }) => ({ local: from, remote: to })),
      insertBefore: true,
      nullable: own.some((column) => table.columns.get(column)?.nullable ?? true),
    }
  }
  const columns = own.columns ?? (own.column === undefined ? [] : [own.column])
  const key = findKey(catalog, own.table, columns, name)
  return {
    target: tableKey(own.table),
    columns: key.columns.map(({ from, to }) => ({ local: to, remote: from })),
    insertBefore: false,
    nullable: true,
  }
}

function findKey(
  catalog: Catalog,
  from: QualifiedName,
  columns: readonly string[],
  relationship: string,
): Catalog['foreignKeys'][number] {
  const found = catalog.foreignKeys.find(
    (key) =>
      tableKey(key.from) === tableKey(from) &&
      key.columns.length === columns.length &&
      key.columns.every((column) => columns.includes(column.from)),
  )
  if (found === undefined) {
    throw new Error(
      `relationship ${relationship}: no foreign key on ${tableKey(from)}(${columns.join(', ')})`,
    )
  }
  return found
}
