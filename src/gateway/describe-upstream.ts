import type { Clock } from '../shared/clock.ts'
import { runToEnd } from '../shared/slices.ts'
import type { Catalog } from './metadata/catalog.ts'
import { describeModel } from './metadata/describe-model.ts'
import { Footprints } from './metadata/footprints.ts'
import { buildModel, type MetadataExport, parseExport } from './metadata/hasura-metadata.ts'
import { catalogsOf, readUpstream } from './metadata/read-upstream.ts'
import type { UpstreamDescription } from './metadata/upstream-description.ts'
import type { DeclaredDependencies, UpstreamOptions } from './options.ts'
import { UpstreamStatistics } from './statistics/upstream-statistics.ts'
import { UpstreamMetadataSource } from './upstream/metadata-source.ts'
import { UpstreamClient } from './upstream/upstream-client.ts'

export interface DescribeDependencies {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Reads the metadata and catalogs of a Hasura, over connections of its own, and tells what would be cached of
 * it. Throws GatewayError when it cannot be reached, or refuses.
 */
export async function describeUpstream(
  upstream: UpstreamOptions,
  declared: DeclaredDependencies,
  { clock, signal }: DescribeDependencies,
): Promise<UpstreamDescription> {
  const client = new UpstreamClient({ upstream, clock, statistics: new UpstreamStatistics() })
  try {
    const source = new UpstreamMetadataSource(client, upstream.adminSecret, clock)
    const reading = await readUpstream(source, signal)
    return describeExport(reading.metadata, runToEnd(catalogsOf(reading)), declared)
  } finally {
    await client.destroy()
  }
}

/**
 * Of metadata alone, as `export_metadata` answers it, without the databases behind it: as if none of them
 * answered the gateway. Throws when it is none.
 */
export function describeMetadata(
  exported: unknown,
  declared: DeclaredDependencies,
): UpstreamDescription {
  const described = describeExport(parseExport(exported), new Map(), declared)
  return { ...described, cautions: [NOT_ASKED, ...described.cautions] }
}

const NOT_ASKED =
  'no database was asked for its catalog, as the gateway will do: with the catalogs it shares more than is told here'

function describeExport(
  metadata: MetadataExport,
  catalogs: ReadonlyMap<string, Catalog>,
  declared: DeclaredDependencies,
): UpstreamDescription {
  const conventions = ['hasura-default'] as const
  return describeModel(new Footprints(buildModel(metadata, catalogs, { conventions, declared })))
}
