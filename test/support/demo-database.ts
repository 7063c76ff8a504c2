import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { Database } from '../../src/demo/queryable.ts'

const HASURA = join(import.meta.dirname, '../../hasura')

/** A fresh Postgres in this process with the shop of `hasura/` in it; takes some seconds. */
export async function openShop(): Promise<Database & { statements: string[] }> {
  const postgres = await PGlite.create()
  const migrations = join(HASURA, 'migrations/default')
  for (const name of readdirSync(migrations).toSorted()) {
    await postgres.exec(readFileSync(join(migrations, name, 'up.sql'), 'utf8'))
  }
  const seeds = join(HASURA, 'seeds/default')
  for (const name of readdirSync(seeds).toSorted()) {
    await postgres.exec(readFileSync(join(seeds, name), 'utf8'))
  }
  const statements: string[] = []
  const run =
    (target: Pick<PGlite, 'query'>) =>
    async (text: string, params: readonly unknown[] = []) => {
      statements.push(text)
      return target.query<Record<string, unknown>>(text, [...params])
    }
  return {
    statements,
    query: run(postgres),
    transaction: (work) => postgres.transaction((tx) => work({ query: run(tx) })),
    close: () => postgres.close(),
  }
}
