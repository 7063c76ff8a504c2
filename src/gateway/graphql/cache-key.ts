import { createHash, type Hash } from 'node:crypto'

/** Everything the answer to a query depends on, but for the data. */
export interface CacheKeyParts {
  readonly operationDigest: string
  readonly variablesText: string
  readonly role: string
  /** The session variables that matter, with their values; `undefined` for one the session lacks. */
  readonly sessionVariables: readonly (readonly [name: string, value: string | undefined])[]
  /** Client headers that Hasura will see and act on, by name in lower case. */
  readonly forwardedHeaders: readonly (readonly [name: string, value: string])[]
  readonly metadataVersion: string
}

/** Counted up when the encoding changes, so that two versions of the gateway can share a store. */
const ENCODING_VERSION = 'gerbang-key-1'

/** SHA-256 over the parts, each with its type and length: no two different lists of parts encode alike. */
export function cacheKeyDigest(parts: CacheKeyParts): Buffer {
  const hash = createHash('sha256')
  writeText(hash, ENCODING_VERSION)
  writeText(hash, parts.metadataVersion)
  writeText(hash, parts.role)
  writePairs(hash, parts.sessionVariables)
  writePairs(hash, parts.forwardedHeaders)
  writeText(hash, parts.operationDigest)
  writeText(hash, parts.variablesText)
  return hash.digest()
}

/**
 * Hasura EE's query family: what has the same digest differs in variables, session and operation name only.
 * Clearing a family clears all variants of a query for a role.
 */
export function familyKeyDigest(parts: {
  readonly familyDigest: string
  readonly role: string
}): Buffer {
  const hash = createHash('sha256')
  writeText(hash, 'family')
  writeText(hash, parts.role)
  writeText(hash, parts.familyDigest)
  return hash.digest()
}

/** The part of a session that a plan says matters, sorted by name. */
export function relevantSessionVariables(
  names: readonly string[] | 'all',
  session: ReadonlyMap<string, string>,
): CacheKeyParts['sessionVariables'] {
  if (names !== 'all') return names.map((name) => [name, session.get(name)])
  return [...session].sort(([a], [b]) => (a < b ? -1 : 1))
}

const ABSENT = 0
const TEXT = 1
const LIST = 2

function writeText(hash: Hash, text: string | undefined): void {
  if (text === undefined) return writeHead(hash, ABSENT, 0)
  writeHead(hash, TEXT, text.length)
  // By code units: as UTF-8 all lone surrogates would be the same replacement character.
  hash.update(text, 'utf16le')
}

function writePairs(
  hash: Hash,
  pairs: readonly (readonly [name: string, value: string | undefined])[],
): void {
  writeHead(hash, LIST, pairs.length)
  for (const [name, value] of pairs) {
    writeText(hash, name)
    writeText(hash, value)
  }
}

function writeHead(hash: Hash, type: number, count: number): void {
  const head = Buffer.allocUnsafe(5)
  head.writeUInt8(type)
  head.writeUInt32BE(count, 1)
  hash.update(head)
}
