import { z } from 'zod'
import type { HasuraApi } from './hasura-api.ts'

/** A table in Hasura's metadata. */
export interface TrackedTable {
  readonly source: string
  readonly schema: string
  readonly name: string
  readonly primaryKey: readonly string[]
  /** Why it can have no event trigger; `undefined` when it can. */
  readonly whyNot: string | undefined
  readonly triggers: readonly ExistingTrigger[]
}

/** As the metadata has it, with whatever else it says. */
export type ExistingTrigger = z.output<typeof trigger>

const trigger = z.looseObject({ name: z.string() })

const exported = z.object({
  metadata: z.object({
    sources: z.array(
      z.object({
        name: z.string(),
        kind: z.string(),
        tables: z
          .array(
            z.object({
              table: z.unknown(),
              event_triggers: z.array(trigger).optional(),
            }),
          )
          .nullish(),
      }),
    ),
  }),
})

type Source = z.output<typeof exported>['metadata']['sources'][number]

/** Databases of other kinds give their tables other names than these. */
const tableName = z.union([
  z.object({ schema: z.string(), name: z.string() }),
  z.string().transform((name) => ({ schema: 'public', name })),
])

/** What Hasura tracks, in the order of its metadata; of one source when `sourceName` is given. */
export async function readTrackedTables(
  api: HasuraApi,
  sourceName: string | undefined,
): Promise<readonly TrackedTable[]> {
  const request = { type: 'export_metadata', version: 2, args: {} }
  const { metadata } = exported.parse(await api.post('/v1/metadata', request))
  const sources = metadata.sources.filter(({ name }) => (sourceName ?? name) === name)
  if (sourceName !== undefined && sources.length === 0) {
    throw new Error(`Hasura has no source "${sourceName}"`)
  }
  const tables: TrackedTable[] = []
  for (const source of sources) tables.push(...(await tablesOf(api, source)))
  return tables
}

async function tablesOf(api: HasuraApi, source: Source): Promise<readonly TrackedTable[]> {
  // Hasura has them for SQL Server too; of the kinds that speak Postgres, only for Postgres itself.
  const isPostgres = source.kind === 'postgres' || source.kind === 'pg'
  const relations = isPostgres ? await readRelations(api, source.name) : undefined
  return (source.tables ?? []).flatMap(({ table, event_triggers: triggers = [] }) => {
    const parsed = tableName.safeParse(table)
    if (!parsed.success) return []
    const relation = relations?.get(`${parsed.data.schema}.${parsed.data.name}`)
    const whyNot = isPostgres ? whyNoTrigger(relation) : `its source is of kind ${source.kind}`
    const primaryKey = relation?.primaryKey ?? []
    return [{ source: source.name, ...parsed.data, primaryKey, whyNot, triggers }]
  })
}

interface Relation {
  readonly kind: string
  readonly primaryKey: readonly string[]
}

/** Kinds of `pg_class` that row triggers can be on: tables and partitioned tables. */
const TABLE_KINDS: ReadonlySet<string> = new Set(['r', 'p'])

function whyNoTrigger(relation: Relation | undefined): string | undefined {
  if (relation === undefined) return 'the database does not know it'
  return TABLE_KINDS.has(relation.kind)
    ? undefined
    : 'it is no table: its own tables tell of writes'
}

const RELATIONS = `
  SELECT coalesce(json_agg(json_build_object(
    'name', n.nspname || '.' || c.relname,
    'kind', c.relkind::text,
    'primaryKey', coalesce((
      SELECT json_agg(a.attname ORDER BY k.position)
      FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
      WHERE i.indrelid = c.oid AND i.indisprimary
    ), '[]'::json)
  )), '[]'::json)::text AS relations
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')`

const answered = z.object({ result: z.tuple([z.unknown(), z.tuple([z.string()])]) })
const relationList = z.array(
  z.object({ name: z.string(), kind: z.string(), primaryKey: z.array(z.string()) }),
)

async function readRelations(
  api: HasuraApi,
  source: string,
): Promise<ReadonlyMap<string, Relation>> {
  const args = { source, sql: RELATIONS, read_only: true }
  const { result } = answered.parse(await api.post('/v2/query', { type: 'run_sql', args }))
  const list = relationList.parse(JSON.parse(result[1][0]))
  return new Map(list.map((relation) => [relation.name, relation]))
}
