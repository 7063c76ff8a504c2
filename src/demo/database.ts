import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PGlite, type Transaction } from '@electric-sql/pglite'
import type { Logger } from '../shared/logger.ts'
import type { Database, Queryable } from './queryable.ts'
import { cacheKey, defaultCacheFolder, SeedCache } from './seed-cache.ts'

export interface DatabaseOptions {
  /** One folder per migration, each with an up.sql, applied in the order of their names. */
  readonly migrationsDir: string
  readonly seedsDir: string
  /** Where the dump of the first start is kept. */
  readonly cacheDir?: string | undefined
  readonly log: Logger
}

export interface ScriptOptions {
  readonly readOnly: boolean
  /** Runs in the transaction of the script, which is rolled back when this throws. */
  readonly check?: (transaction: Queryable) => Promise<void>
}

/** What the last statement of a script gave, every value as the text Postgres sends. */
export interface ScriptResult {
  /** `undefined` when the statement returns no rows by its nature. */
  readonly columns: readonly string[] | undefined
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface DemoDatabase extends Database {
  /** Any number of statements in one transaction. */
  runScript(script: string, options: ScriptOptions): Promise<ScriptResult>
}

/** Postgres in this process, in memory. The first start applies the SQL files; later ones load what it left. */
export async function openDatabase(options: DatabaseOptions): Promise<DemoDatabase> {
  const { migrationsDir, seedsDir, log } = options
  const scripts = [...(await readMigrations(migrationsDir)), ...(await readSeeds(seedsDir))]
  const folder = options.cacheDir ?? (await defaultCacheFolder())
  const cache = new SeedCache(folder, cacheKey([await pgliteVersion(), ...scripts]), log)
  return new PgliteDatabase((await openCached(cache, log)) ?? (await build(scripts, cache)))
}

async function openCached(cache: SeedCache, log: Logger): Promise<PGlite | undefined> {
  const dump = await cache.load()
  if (dump === undefined) return undefined
  try {
    return await PGlite.create({ loadDataDir: dump })
  } catch (error) {
    log.warn({ err: error }, 'the kept dump of the demo database is broken and is made again')
    await cache.drop()
    return undefined
  }
}

async function build(scripts: readonly string[], cache: SeedCache): Promise<PGlite> {
  const postgres = await PGlite.create()
  for (const script of scripts) await postgres.exec(script)
  // The planner would know nothing of the tables; there is no autovacuum here to tell it.
  await postgres.exec('ANALYZE')
  await cache.store(await postgres.dumpDataDir('gzip'))
  return postgres
}

/** PGlite has one connection: it runs one query or transaction after the other by itself. */
class PgliteDatabase implements DemoDatabase {
  readonly #postgres: PGlite

  constructor(postgres: PGlite) {
    this.#postgres = postgres
  }

  async query(text: string, params: readonly unknown[] = []): ReturnType<Queryable['query']> {
    return await this.#postgres.query<Record<string, unknown>>(text, [...params])
  }

  async transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    return await this.#postgres.transaction((transaction) => work(toQueryable(transaction)))
  }

  async runScript(script: string, { readOnly, check }: ScriptOptions): Promise<ScriptResult> {
    return await this.#postgres.transaction(async (transaction) => {
      if (readOnly) await transaction.exec('SET TRANSACTION READ ONLY')
      const parsers = Object.fromEntries(Object.keys(this.#postgres.parsers).map(asText))
      const results = await transaction.exec(script, { rowMode: 'array', parsers })
      await check?.(toQueryable(transaction))
      const { fields = [], rows = [] } = results.at(-1) ?? {}
      const hasColumns = fields.length > 0
      return {
        columns: hasColumns ? fields.map(({ name }) => name) : undefined,
        rows: rows.map((row) => Object.values(row).map(toText)),
      }
    })
  }

  async close(): Promise<void> {
    await this.#postgres.close()
  }
}

function toQueryable(transaction: Transaction): Queryable {
  return { query: async (text, params = []) => transaction.query(text, [...params]) }
}

function asText(type: string): [type: string, parser: (value: string) => string] {
  return [type, (value) => value]
}

function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

async function readMigrations(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).toSorted()
  return await Promise.all(names.map((name) => readFile(join(folder, name, 'up.sql'), 'utf8')))
}

async function readSeeds(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  return await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
}

/** Another version of Postgres could not read the dump. */
async function pgliteVersion(): Promise<string> {
  const main = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  return await readFile(join(dirname(main), '../package.json'), 'utf8')
}
