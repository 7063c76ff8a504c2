import type { Config, Finding } from '../config/index.ts'
import {
  BYPASS_REASONS,
  describeMetadata,
  describeUpstream,
  type UpstreamDescription,
} from '../gateway/index.ts'
import { systemClock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import { readMetadataDirectory } from '../shared/metadata-directory.ts'
import { type Access, accessOf } from './access.ts'
import { gatewayOptions } from './gateway-options.ts'
import { metadataFindings } from './metadata-findings.ts'
import { remoteStore } from './stores.ts'
import { trustedDocumentFindings } from './trusted-documents.ts'
import { greetUpstream } from './upstream-greeting.ts'

/** What a configuration means in the world it is meant for. */
export interface Inspection {
  /** Where the metadata was read, when Hasura was not asked. */
  readonly directory: string | undefined
  /** `v2.48.16`; `undefined` when Hasura does not answer. */
  readonly version: string | undefined
  /** What Hasura's /healthz says. */
  readonly health: string | undefined
  /** `undefined` when it could not be read. */
  readonly description: UpstreamDescription | undefined
  readonly access: readonly Access[]
  /** Mistakes that only show beside Hasura and the store. */
  readonly findings: readonly Finding[]
}

export interface InspectOptions {
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Reaches the store and Hasura, changes nothing in either. What fails is a finding. */
export async function inspect(config: Config, options: InspectOptions): Promise<Inspection> {
  const { version, health, findings } = await greetUpstream(config, options.signal)
  const { description, findings: unread } =
    version === undefined
      ? { description: undefined, findings: [] }
      : await describe(config, options.signal)
  return {
    directory: undefined,
    version,
    health,
    description,
    access: description === undefined ? [] : accessOf(config, description),
    findings: [
      ...trustedDocumentFindings(config),
      ...(await storeFindings(config, options.log)),
      ...findings,
      ...unread,
      ...(description === undefined ? [] : metadataFindings(config, description)),
    ],
  }
}

/**
 * What a configuration means for the metadata that the Hasura CLI keeps in a directory: reaches nothing. The
 * databases are not asked, so more is unknown than when Hasura is. Throws MetadataDirectoryError.
 */
export function inspectDirectory(config: Config, directory: string): Inspection {
  const metadata = readMetadataDirectory(directory)
  const { declared } = gatewayOptions(config).metadata
  const description = withReasons(describeMetadata({ resource_version: 0, metadata }, declared))
  return {
    directory,
    version: undefined,
    health: undefined,
    description,
    access: accessOf(config, description),
    findings: metadataFindings(config, description),
  }
}

async function describe(
  config: Config,
  signal: AbortSignal,
): Promise<Pick<Inspection, 'description' | 'findings'>> {
  const { upstream, metadata } = gatewayOptions(config)
  try {
    const description = await describeUpstream(upstream, metadata.declared, {
      clock: systemClock,
      signal,
    })
    return { description: withReasons(description), findings: [] }
  } catch (error) {
    const hint =
      upstream.adminSecret === undefined ? '; is HASURA_GRAPHQL_ADMIN_SECRET missing?' : ''
    const message = `Hasura’s metadata cannot be read: ${messageOf(error)}${hint}`
    return { description: undefined, findings: [{ path: ['upstream', 'url'], message }] }
  }
}

/** In words instead of the names that metrics have for them. */
function withReasons(description: UpstreamDescription): UpstreamDescription {
  const words = new Map(Object.entries(BYPASS_REASONS))
  const told = (fields: UpstreamDescription['uncacheable']) =>
    fields.map(({ rootField, reason }) => ({ rootField, reason: words.get(reason) ?? reason }))
  return {
    ...description,
    uncacheable: told(description.uncacheable),
    onRequestOnly: told(description.onRequestOnly),
  }
}

async function storeFindings({ store: config }: Config, log: Logger): Promise<readonly Finding[]> {
  if (config.url === 'embedded:') return []
  const store = remoteStore(config.url, config, log)
  try {
    await store.start()
    return []
  } catch (error) {
    return [{ path: ['store', 'url'], message: messageOf(error) }]
  } finally {
    await store.stop()
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  const isTold = !(cause instanceof Error) || cause.message === '' || cause.message.includes('\n')
  return isTold ? message : `${message} (${cause.message})`
}
