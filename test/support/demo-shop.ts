import { join } from 'node:path'
import { readCatalog } from '../../src/demo/catalog.ts'
import { Executor } from '../../src/demo/execute.ts'
import type { DemoMetadata } from '../../src/demo/metadata.ts'
import { readMetadataDirectory } from '../../src/demo/metadata-directory.ts'
import type { Session } from '../../src/demo/session.ts'
import { openShop } from './demo-database.ts'

const METADATA = join(import.meta.dirname, '../../hasura/metadata')

/** A role and its session variables, as a test writes them. */
export type Who = Readonly<Record<string, string>> & { readonly role: string }

export type Shop = Awaited<ReturnType<typeof openTestShop>>

/** The demo's executor over its real database and metadata. */
export async function openTestShop() {
  const database = await openShop()
  const metadata: DemoMetadata = readMetadataDirectory(METADATA)
  const catalog = await readCatalog(database)
  const executor = new Executor({ database, metadata, catalog })
  const session = ({ role, ...variables }: Who): Session => ({
    role,
    variables: new Map([['x-hasura-role', role], ...Object.entries(variables)]),
  })
  const text = async (who: Who, query: string, variables?: unknown) => {
    const request = { query, variables }
    return (await executor.execute(request, session(who), 'http')).body
  }
  return {
    database,
    metadata,
    catalog,
    executor,
    session,
    text,
    /** The data of an answer without errors. */
    data: async (who: Who, query: string, variables?: unknown) => {
      const body = await text(who, query, variables)
      const answer = JSON.parse(body)
      if (answer.data === undefined) throw new Error(body)
      return answer.data
    },
    /** The one error of an answer. */
    error: async (who: Who, query: string, variables?: unknown) =>
      JSON.parse(await text(who, query, variables)).errors?.[0],
    close: () => database.close(),
  }
}
