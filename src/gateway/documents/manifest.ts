import { createHash } from 'node:crypto'

/** A manifest that cannot be used; says why, and which document it is about. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError'
}

const APOLLO_FORMAT = 'apollo-persisted-query-manifest'
const SHA256_ID = /^(?:sha256:)?([\da-f]{64})$/
const SHA256_PREFIX = 'sha256:'

/**
 * The documents of a manifest by their ids: a JSON map of ids to documents, which is what Relay's compiler
 * writes too, or Apollo's persisted query manifest. Each is also found by `sha256:` and its hash. An id that
 * is a SHA-256 must be that of its document.
 */
export function readManifest(text: string): ReadonlyMap<string, string> {
  const documents = new Map<string, string>()
  for (const [id, document] of entriesOf(parse(text))) {
    const hash = sha256Of(document)
    const [, claimed] = SHA256_ID.exec(id) ?? []
    if (claimed !== undefined && claimed !== hash) {
      throw new ManifestError(`"${id}" is not the SHA-256 of its document`)
    }
    if ((documents.get(id) ?? document) !== document) {
      throw new ManifestError(`"${id}" stands for two documents`)
    }
    documents.set(id, document)
    documents.set(SHA256_PREFIX + hash, document)
  }
  return documents
}

export function sha256Of(document: string): string {
  return createHash('sha256').update(document).digest('hex')
}

function parse(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ManifestError('it is not JSON', { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new ManifestError('it is not a JSON object')
}

interface PossibleManifest {
  readonly format?: unknown
  readonly version?: unknown
  readonly operations?: unknown
}

function entriesOf(manifest: PossibleManifest): readonly (readonly [string, string])[] {
  if (Array.isArray(manifest.operations)) return operationsOf(manifest, manifest.operations)
  return Object.entries(manifest).map(([id, document]: readonly [string, unknown]) => {
    if (typeof document === 'string') return [id, document]
    throw new ManifestError(`"${id}" is not a document`)
  })
}

interface PossibleOperation {
  readonly id?: unknown
  readonly body?: unknown
}

function operationsOf(
  { format, version }: PossibleManifest,
  operations: readonly (PossibleOperation | null)[],
): readonly (readonly [string, string])[] {
  if (format !== APOLLO_FORMAT || version !== 1) {
    throw new ManifestError(`it has operations, but is no ${APOLLO_FORMAT} of version 1`)
  }
  return operations.map((operation, index) => {
    const { id, body } = operation ?? {}
    if (typeof id === 'string' && typeof body === 'string') return [id, body]
    throw new ManifestError(`operation ${index} has no id or no body`)
  })
}
