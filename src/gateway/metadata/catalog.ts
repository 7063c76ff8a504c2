import { z } from 'zod'
import { runToEnd, type Slices } from '../../shared/slices.ts'
import { type SessionReach, sessionReach } from './catalog-session.ts'

/** What a Postgres knows of its tables that Hasura's metadata does not tell. */
export interface Catalog {
  /** By `schema.name`. */
  readonly relations: ReadonlyMap<string, Relation>
  readonly functions: ReadonlyMap<string, DatabaseFunction>
  readonly session: SessionReach
}

export interface Relation {
  readonly name: string
  /** `other`: a materialised view or foreign table, whose rows change without a write to anything here. */
  readonly kind: 'table' | 'view' | 'other'
  /** Row-level security, `current_setting` or a function that asks: who asks may decide what is seen. */
  readonly readsSession: boolean
  /** A view that calls functions or operators of the user's: what these read is not known. */
  readonly callsFunctions: boolean
  /** Triggers or rules of the user's: what these write is not known. */
  readonly hasTriggers: boolean
  /** What a view selects from. */
  readonly readsFrom: readonly string[]
  /** In the order of the key; empty when there is none. */
  readonly primaryKey: readonly PrimaryKeyColumn[]
  /** Those of the few types whose values are written in one way, by `pg_type.typname`. */
  readonly columns: ReadonlyMap<string, string>
  /** Partitions, children and parents: rows of one are rows of the other. */
  readonly kin: readonly string[]
  readonly foreignKeys: readonly ForeignKey[]
  /** The keys of other tables that refer to this one. */
  readonly references: readonly Reference[]
}

export interface PrimaryKeyColumn {
  readonly name: string
  /** `pg_type.typname`; `null` when a collation makes texts equal that differ. */
  readonly type: string | null
}

export interface ForeignKey {
  readonly columns: readonly string[]
  readonly target: string
}

export interface Reference {
  readonly from: string
  /** What happens to the referring rows. */
  readonly onDelete: ReferenceAction
  readonly onUpdate: ReferenceAction
}

/** `pg_constraint.confdeltype`: no action, restrict, cascade, set null, set default. */
export type ReferenceAction = 'a' | 'r' | 'c' | 'n' | 'd'

export interface DatabaseFunction {
  readonly isVolatile: boolean
  /** What it returns may depend on who asks: it says so, or nothing tells that it does not. */
  readonly asksSession: boolean
  /** `schema.name` of the relation whose rows it returns. */
  readonly returns: string | undefined
}

const referenceAction = z.enum(['a', 'r', 'c', 'n', 'd'])

const relationRow = z.object({
  name: z.string(),
  kind: z.string(),
  readsSession: z.boolean(),
  callsFunctions: z.boolean(),
  hasTriggers: z.boolean(),
})

/** view, what it reads; child, parent */
const namePair = z.tuple([z.string(), z.string()])

/** view, its function; `null` for one that the query does not tell of */
const callPair = z.tuple([z.string(), z.string().nullable()])

const foreignKeyRow = z.object({
  from: z.string(),
  columns: z.array(z.string()),
  to: z.string(),
  onDelete: referenceAction,
  onUpdate: referenceAction,
})

const primaryKeyRow = z.object({
  relation: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string().nullable() })),
})

const functionRow = z.object({
  name: z.string(),
  volatility: z.string(),
  returns: z.string().nullable(),
  asksSession: z.boolean().default(true),
  /** `f schema.name` of a function, `r schema.name` of a relation. */
  mentions: z.array(z.string()).default([]),
})

const columnsRow = z.object({
  relation: z.string(),
  type: z.string(),
  names: z.array(z.string()),
})

const list = z.array(z.unknown())

const catalogLists = z.object({
  relations: list,
  views: list,
  inheritance: list,
  foreignKeys: list,
  /** What answers for a database may not know them. */
  primaryKeys: list.default([]),
  columns: list.default([]),
  functions: list,
  calls: list.optional(),
  implicit: z.array(z.string()).default([]),
  opaque: z.array(z.string()).default([]),
})

export interface CatalogRows {
  readonly relations: readonly z.output<typeof relationRow>[]
  readonly views: readonly z.output<typeof namePair>[]
  readonly inheritance: readonly z.output<typeof namePair>[]
  readonly foreignKeys: readonly z.output<typeof foreignKeyRow>[]
  readonly primaryKeys: readonly z.output<typeof primaryKeyRow>[]
  readonly columns: readonly z.output<typeof columnsRow>[]
  readonly functions: readonly z.output<typeof functionRow>[]
  /** `undefined` when the query did not ask for them. */
  readonly calls: readonly z.output<typeof callPair>[] | undefined
  /** Functions behind operators and casts, which SQL calls without naming them. */
  readonly implicit: readonly string[]
  /** Functions of extensions that the database does not know to be immutable. */
  readonly opaque: readonly string[]
}

/** The catalog in the text that `CATALOG_QUERY` selects; throws when it is none. */
export function parseCatalog(text: string): Catalog {
  return runToEnd(parseCatalogSlices(text))
}

/** The same, with pauses offered: a thousand tables take some 10 ms. */
export function* parseCatalogSlices(text: string): Slices<Catalog> {
  const lists = catalogLists.parse(JSON.parse(text))
  yield
  const rows: CatalogRows = {
    relations: yield* readRows(relationRow, lists.relations),
    views: yield* readRows(namePair, lists.views),
    inheritance: yield* readRows(namePair, lists.inheritance),
    foreignKeys: yield* readRows(foreignKeyRow, lists.foreignKeys),
    primaryKeys: yield* readRows(primaryKeyRow, lists.primaryKeys),
    columns: yield* readRows(columnsRow, lists.columns),
    functions: yield* readRows(functionRow, lists.functions),
    calls: lists.calls && (yield* readRows(callPair, lists.calls)),
    implicit: lists.implicit,
    opaque: lists.opaque,
  }
  yield
  return catalogOf(rows)
}

/** Whether it is worth parsing. */
export function isCatalogText(text: string): boolean {
  try {
    return catalogLists.safeParse(JSON.parse(text)).success
  } catch {
    return false
  }
}

const ROWS_AT_ONCE = 100

function* readRows<T>(schema: z.ZodType<T>, rows: readonly unknown[]): Slices<readonly T[]> {
  const read: T[] = []
  for (const [index, row] of rows.entries()) {
    read.push(schema.parse(row))
    if (index % ROWS_AT_ONCE === 0) yield
  }
  return read
}

function catalogOf(rows: CatalogRows): Catalog {
  const session = sessionReach(rows)
  const readsFrom = groups(rows.views)
  const kin = groups(
    rows.inheritance.flatMap(([child, parent]): [string, string][] => [
      [child, parent],
      [parent, child],
    ]),
  )
  const foreignKeys = groups(rows.foreignKeys.map((key) => [key.from, key]))
  const primaryKeys = new Map(rows.primaryKeys.map(({ relation, columns }) => [relation, columns]))
  const columns = groups(rows.columns.map((row) => [row.relation, row]))
  const references = groups(rows.foreignKeys.map((key) => [key.to, key]))
  const relations = rows.relations.map(({ kind, ...relation }): [string, Relation] => [
    relation.name,
    {
      ...relation,
      kind: kindOf(kind),
      readsSession: relation.readsSession || session.callers.has(relation.name),
      readsFrom: readsFrom.get(relation.name) ?? [],
      primaryKey: primaryKeys.get(relation.name) ?? [],
      columns: typesOf(columns.get(relation.name) ?? []),
      kin: kin.get(relation.name) ?? [],
      foreignKeys: (foreignKeys.get(relation.name) ?? []).map(({ columns, to }) => ({
        columns,
        target: to,
      })),
      references: references.get(relation.name) ?? [],
    },
  ])
  return {
    relations: new Map(relations),
    functions: singleFunctions(rows.functions, session),
    session,
  }
}

function typesOf(rows: CatalogRows['columns']): ReadonlyMap<string, string> {
  return new Map(rows.flatMap(({ names, type }) => names.map((name) => [name, type] as const)))
}

function kindOf(relkind: string): Relation['kind'] {
  if (relkind === 'r' || relkind === 'p') return 'table'
  return relkind === 'v' ? 'view' : 'other'
}

function groups<T>(pairs: readonly (readonly [string, T])[]): ReadonlyMap<string, readonly T[]> {
  const grouped = new Map<string, T[]>()
  for (const [key, value] of pairs) {
    const values = grouped.get(key) ?? []
    values.push(value)
    grouped.set(key, values)
  }
  return grouped
}

/** Without those of which there are several: Hasura tracks none of them. */
function singleFunctions(
  rows: CatalogRows['functions'],
  session: SessionReach,
): ReadonlyMap<string, DatabaseFunction> {
  const byName = groups(rows.map((row) => [row.name, row]))
  const single = [...byName.values()].filter((overloads) => overloads.length === 1).flat()
  return new Map(
    single.map(({ name, volatility, returns }) => [
      name,
      {
        isVolatile: volatility === 'v',
        asksSession: session.isEverywhere || session.functions.has(name),
        returns: returns ?? undefined,
      },
    ]),
  )
}
