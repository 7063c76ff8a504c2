import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { type Catalog, parseCatalog } from './catalog.ts'
import { CATALOG_QUERY } from './catalog-query.ts'
import {
  type CatalogSource,
  catalogSources,
  type MetadataExport,
  parseExport,
} from './hasura-metadata.ts'
import type { MetadataSource } from './plan.ts'

/** All that Hasura tells of itself, at one time. */
export interface UpstreamReading {
  readonly metadata: MetadataExport
  /** By source: what the catalog query answered. Without the databases that could not be asked. */
  readonly catalogTexts: ReadonlyMap<string, string>
}

/**
 * Asks for the metadata and for the catalogs of its Postgres sources. A database that cannot be asked leaves
 * its catalog out, or as it was in `earlier`, when the metadata is still the same; else failures throw.
 */
export async function readUpstream(
  source: MetadataSource,
  signal: AbortSignal,
  earlier?: UpstreamReading,
): Promise<UpstreamReading> {
  const metadata = await readMetadata(source, signal)
  const isSame = earlier?.metadata.resource_version === metadata.resource_version
  const catalogTexts = new Map<string, string>()
  const reads = catalogSources(metadata).map(async (database) => {
    const known = earlier?.catalogTexts.get(database.name)
    const answered = await askForCatalog(source, database, signal)
    signal.throwIfAborted()
    // What was read before need not be parsed again: polls would, and seldom find another.
    const readable = answered === known || isCatalog(answered) ? answered : undefined
    const text = readable ?? (isSame ? known : undefined)
    if (text !== undefined) catalogTexts.set(database.name, text)
  })
  await Promise.all(reads)
  return { metadata, catalogTexts }
}

export function isSameReading(one: UpstreamReading, other: UpstreamReading): boolean {
  if (one.metadata.resource_version !== other.metadata.resource_version) return false
  const texts = [...one.catalogTexts]
  if (texts.length !== other.catalogTexts.size) return false
  return texts.every(([name, text]) => other.catalogTexts.get(name) === text)
}

export function catalogsOf({ catalogTexts }: UpstreamReading): ReadonlyMap<string, Catalog> {
  return new Map([...catalogTexts].map(([name, text]) => [name, parseCatalog(text)]))
}

async function readMetadata(source: MetadataSource, signal: AbortSignal): Promise<MetadataExport> {
  const request = { type: 'export_metadata', version: 2, args: {} }
  const answer = await source.fetchJson('/v1/metadata', request, signal)
  try {
    return parseExport(answer)
  } catch (cause) {
    const message = 'the upstream did not answer with metadata of version 3'
    throw new GatewayError('upstream-invalid-response', message, { cause })
  }
}

/** `undefined` when the database does not answer. */
async function askForCatalog(
  source: MetadataSource,
  { name, requestType }: CatalogSource,
  signal: AbortSignal,
): Promise<string | undefined> {
  const args = {
    source: name,
    sql: CATALOG_QUERY,
    read_only: true,
    cascade: false,
    check_metadata_consistency: false,
  }
  try {
    const answer = await source.fetchJson('/v2/query', { type: requestType, args }, signal)
    return runSqlAnswer.parse(answer).result[1][0]
  } catch {
    return undefined
  }
}

/** A head with the names of the columns, then the rows. */
const runSqlAnswer = z.object({
  result_type: z.literal('TuplesOk'),
  result: z.tuple([z.unknown(), z.tuple([z.string()])]),
})

function isCatalog(text: string | undefined): boolean {
  if (text === undefined) return false
  try {
    parseCatalog(text)
    return true
  } catch {
    return false
  }
}
