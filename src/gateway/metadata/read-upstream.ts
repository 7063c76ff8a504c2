import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Slices } from '../../shared/slices.ts'
import { GatewayError } from '../errors.ts'
import type { DeclaredDependencies } from '../options.ts'
import { type Catalog, isCatalogText, parseCatalogSlices } from './catalog.ts'
import { CATALOG_QUERY } from './catalog-query.ts'
import {
  type CatalogSource,
  catalogSources,
  type MetadataExport,
  parseExport,
} from './hasura-metadata.ts'

/** Hasura's own HTTP API, asked with the admin secret. */
export interface MetadataSource {
  /** POSTs `request` as JSON; the parsed JSON of a 200, else an error. */
  fetchJson(path: string, request: unknown, signal: AbortSignal): Promise<unknown>
}

/** All that Hasura tells of itself, at one time. */
export interface UpstreamReading {
  /** As Hasura gave it: the same object when it is known to be the same. */
  readonly answer: unknown
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
  const answer = await source.fetchJson('/v1/metadata', EXPORT_METADATA, signal)
  const isKnown = earlier !== undefined && earlier.answer === answer
  const metadata = isKnown ? earlier.metadata : readMetadata(answer)
  const isSame = earlier?.metadata.resource_version === metadata.resource_version
  const catalogTexts = new Map<string, string>()
  const reads = catalogSources(metadata).map(async (database) => {
    const known = earlier?.catalogTexts.get(database.name)
    const answered = await askForCatalog(source, database, signal)
    signal.throwIfAborted()
    // What was read before need not be parsed again: polls would, and seldom find another.
    const isReadable = answered !== undefined && (answered === known || isCatalogText(answered))
    const text = isReadable ? answered : isSame ? known : undefined
    if (text !== undefined) catalogTexts.set(database.name, text)
  })
  await Promise.all(reads)
  return { answer, metadata, catalogTexts }
}

/** Without a look at what is in them: readings that differ by this may still be equal. */
export function isSameReading(one: UpstreamReading, other: UpstreamReading): boolean {
  if (one.answer !== other.answer || one.catalogTexts.size !== other.catalogTexts.size) return false
  return [...one.catalogTexts].every(([name, text]) => other.catalogTexts.get(name) === text)
}

/**
 * Of all that plans follow from: the metadata with its number, the catalogs, and what is declared. Equal
 * for equal readings; the number keeps what was planned before a change apart from what is planned after it
 * was taken back.
 */
export function* readingVersion(
  { metadata: { metadata, resource_version: number }, catalogTexts }: UpstreamReading,
  declared: DeclaredDependencies,
): Slices<string> {
  const hash = createHash('sha256')
  const add = (value: unknown): void => {
    hash.update(`${JSON.stringify(value)}\n`)
  }
  const { sources, ...others } = metadata
  add([PLANS_VERSION, number, declared])
  add(others)
  for (const source of sources) {
    const { tables, ...members } = readTables(source)
    add(members)
    for (const table of tables) {
      add(table)
      yield
    }
  }
  for (const [name, text] of [...catalogTexts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    add([name, text])
    yield
  }
  return hash.digest('base64url')
}

/** Counted up when the same reading is planned by in another way, so that versions of the gateway can share a store. */
const PLANS_VERSION = 'gerbang-plans-4'

function readTables(source: unknown): { readonly tables: readonly unknown[] } {
  const read = z.looseObject({ tables: z.array(z.unknown()) }).safeParse(source)
  return read.success ? read.data : { tables: [source] }
}

export function* catalogsOf({
  catalogTexts,
}: UpstreamReading): Slices<ReadonlyMap<string, Catalog>> {
  const catalogs = new Map<string, Catalog>()
  for (const [name, text] of catalogTexts) {
    try {
      catalogs.set(name, yield* parseCatalogSlices(text))
    } catch (error) {
      // What is no catalog leaves it unknown, as a database does that gives no answer.
      if (!(error instanceof z.ZodError)) throw error
    }
  }
  return catalogs
}

const EXPORT_METADATA = { type: 'export_metadata', version: 2, args: {} }

function readMetadata(answer: unknown): MetadataExport {
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
