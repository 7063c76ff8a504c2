import { z } from 'zod'
import type { QualifiedName } from './metadata.ts'
import type { Queryable } from './queryable.ts'

/** What Postgres knows about its tables and functions, as far as GraphQL needs it. */
export interface Catalog {
  /** By `schema.name`. */
  readonly tables: ReadonlyMap<string, CatalogTable>
  readonly functions: ReadonlyMap<string, CatalogFunction>
  readonly foreignKeys: readonly ForeignKey[]
}

export interface CatalogTable extends QualifiedName {
  readonly columns: ReadonlyMap<string, Column>
  /** Column names; empty for a view. */
  readonly primaryKey: readonly string[]
  /** Primary key and unique constraints: what ON CONFLICT can name. */
  readonly uniqueConstraints: readonly string[]
}

export interface Column {
  readonly name: string
  /** The type's short name, which GraphQL shows: `int4`, `timestamptz`. */
  readonly type: string
  /** The type as SQL writes it, for casts: `integer`, `timestamp with time zone`. */
  readonly sqlType: string
  readonly nullable: boolean
}

export interface ForeignKey {
  readonly name: string
  readonly from: QualifiedName
  readonly to: QualifiedName
  readonly columns: readonly { readonly from: string; readonly to: string }[]
}

export interface CatalogFunction extends QualifiedName {
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  /** `schema.name` of the table whose rows it returns, when it returns rows of one. */
  readonly returns: string | undefined
  readonly arguments: readonly FunctionArgument[]
}

export interface FunctionArgument extends Column {
  readonly hasDefault: boolean
}

/** Two statements, whatever the number of tables. */
export async function readCatalog(database: Queryable): Promise<Catalog> {
  const tables = tableRows.parse((await database.query(TABLES)).rows)
  const functions = functionRows.parse((await database.query(FUNCTIONS)).rows)
  return {
    tables: new Map(tables.map((row) => [`${row.schema}.${row.name}`, toTable(row)])),
    functions: new Map(functions.map((row) => [`${row.schema}.${row.name}`, toFunction(row)])),
    foreignKeys: tables.flatMap(toForeignKeys),
  }
}

const column = z.object({
  name: z.string(),
  type: z.string(),
  sqlType: z.string(),
  nullable: z.boolean(),
})
const tableRows = z.array(
  z.object({
    schema: z.string(),
    name: z.string(),
    columns: z.array(column),
    constraints: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(['p', 'u', 'f']),
        columns: z.array(z.string()),
        target: z.object({ schema: z.string(), name: z.string() }).nullable(),
        targetColumns: z.array(z.string()).nullable(),
      }),
    ),
  }),
)
const functionRows = z.array(
  z.object({
    schema: z.string(),
    name: z.string(),
    volatility: z.enum(['immutable', 'stable', 'volatile']),
    returns: z.string().nullable(),
    arguments: z.array(column.extend({ hasDefault: z.boolean() })),
  }),
)
type TableRow = z.infer<typeof tableRows>[number]

function toTable({ schema, name, columns, constraints }: TableRow): CatalogTable {
  const unique = constraints.filter(({ kind }) => kind !== 'f')
  return {
    schema,
    name,
    columns: new Map(columns.map((entry) => [entry.name, entry])),
    primaryKey: unique.find(({ kind }) => kind === 'p')?.columns ?? [],
    uniqueConstraints: unique.map((constraint) => constraint.name),
  }
}

function toForeignKeys({ schema, name, constraints }: TableRow): readonly ForeignKey[] {
  return constraints.flatMap(({ name: constraint, columns, target, targetColumns }) =>
    target === null
      ? []
      : [
          {
            name: constraint,
            from: { schema, name },
            to: target,
            columns: columns.map((from, index) => ({ from, to: targetColumns?.[index] ?? from })),
          },
        ],
  )
}

function toFunction(row: z.infer<typeof functionRows>[number]): CatalogFunction {
  return { ...row, returns: row.returns ?? undefined }
}

const USER_SCHEMAS = `nspname <> 'information_schema' AND nspname !~ '^pg_' AND nspname <> 'hdb_catalog'`

const TABLES = `
  SELECT nspname AS "schema", relname AS "name",
    (
      SELECT coalesce(json_agg(json_build_object(
        'name', attname,
        'type', typname,
        'sqlType', format_type(atttypid, NULL),
        'nullable', NOT attnotnull
      ) ORDER BY attnum), '[]')
      FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
      WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    ) AS "columns",
    (
      SELECT coalesce(json_agg(json_build_object(
        'name', conname,
        'kind', contype,
        'columns', ${columnNames('conrelid', 'conkey')},
        'target', CASE WHEN contype = 'f' THEN (
          SELECT json_build_object('schema', t_schema.nspname, 'name', t.relname)
          FROM pg_class AS t JOIN pg_namespace AS t_schema ON t_schema.oid = t.relnamespace
          WHERE t.oid = confrelid
        ) END,
        'targetColumns', CASE WHEN contype = 'f' THEN ${columnNames('confrelid', 'confkey')} END
      ) ORDER BY conname), '[]')
      FROM pg_constraint WHERE conrelid = pg_class.oid AND contype IN ('p', 'u', 'f')
    ) AS "constraints"
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind IN ('r', 'v', 'm', 'p') AND ${USER_SCHEMAS}
  ORDER BY nspname, relname`

const FUNCTIONS = `
  SELECT nspname AS "schema", proname AS "name",
    CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS "volatility",
    (
      SELECT row_schema.nspname || '.' || rows.relname
      FROM pg_type
      JOIN pg_class AS rows ON rows.oid = pg_type.typrelid
      JOIN pg_namespace AS row_schema ON row_schema.oid = rows.relnamespace
      WHERE pg_type.oid = prorettype
    ) AS "returns",
    (
      SELECT coalesce(json_agg(json_build_object(
        'name', coalesce(proargnames[position], 'arg_' || position),
        'type', typname,
        'sqlType', format_type(argument, NULL),
        'nullable', true,
        'hasDefault', position > pronargs - pronargdefaults
      ) ORDER BY position), '[]')
      FROM unnest(proargtypes) WITH ORDINALITY AS arguments (argument, position)
      JOIN pg_type ON pg_type.oid = argument
    ) AS "arguments"
  FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
  WHERE prokind = 'f' AND ${USER_SCHEMAS}
  ORDER BY nspname, proname`

function columnNames(table: string, numbers: string): string {
  return `(
    SELECT json_agg(attname ORDER BY position)
    FROM unnest(${numbers}) WITH ORDINALITY AS keys (number, position)
    JOIN pg_attribute ON attrelid = ${table} AND attnum = number
  )`
}
