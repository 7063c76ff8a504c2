import type { Clock } from '../shared/clock.ts'
import { describeModel } from './metadata/describe-model.ts'
import { Footprints } from './metadata/footprints.ts'
import { buildModel } from './metadata/hasura-metadata.ts'
import { catalogsOf, readUpstream } from './metadata/read-upstream.ts'
import type { UpstreamDescription } from './metadata/upstream-description.ts'
import type { UpstreamOptions } from './options.ts'
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
  { clock, signal }: DescribeDependencies,
): Promise<UpstreamDescription> {
  const client = new UpstreamClient({ upstream, clock, statistics: new UpstreamStatistics() })
  try {
    const source = new UpstreamMetadataSource(client, upstream.adminSecret)
    const reading = await readUpstream(source, signal)
    const model = buildModel(reading.metadata, catalogsOf(reading), ['hasura-default'])
    return describeModel(new Footprints(model))
  } finally {
    await client.destroy()
  }
}
