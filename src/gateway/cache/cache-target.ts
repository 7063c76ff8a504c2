import { entryKey, epochKey } from '../keys.ts'
import type { Tag } from '../metadata/plan.ts'
import { EVERYTHING } from './epochs.ts'

/** Where the answer to one request by one kind of asker is kept, worked out once and then remembered. */
export interface CacheTarget {
  /** Of everything the answer depends on. */
  readonly digest: Buffer
  readonly ttlMs: number
  /** The tables the answer is read from, and `everything`. */
  readonly tags: readonly Tag[]
  /** The entry, then the epochs of the tags: what one look-up reads. */
  readonly keys: readonly Buffer[]
  /** The answer may depend on the client's own headers, which are in the key: they must be sent. */
  readonly forwardsHeaders: boolean
  /** X-Hasura-Query-Cache-Key. */
  readonly cacheKey: string
  /** X-Hasura-Query-Family-Cache-Key: the same for all variables and sessions of a role. */
  readonly familyKey: string
}

export interface CacheTargetFields {
  readonly digest: Buffer
  readonly familyDigest: Buffer
  readonly ttlMs: number
  readonly reads: readonly Tag[]
  /** Not, unless given. */
  readonly forwardsHeaders?: boolean
}

/** Hasura EE shows its keys as SHA-1 in hexadecimal: clients may rely on 40 digits. */
const SHOWN_BYTES = 20

export function createCacheTarget(fields: CacheTargetFields): CacheTarget {
  const tags = [...new Set([EVERYTHING, ...fields.reads])].sort()
  return {
    digest: fields.digest,
    ttlMs: fields.ttlMs,
    tags,
    forwardsHeaders: fields.forwardsHeaders ?? false,
    keys: [entryKey(fields.digest), ...tags.map(epochKey)],
    cacheKey: fields.digest.toString('hex', 0, SHOWN_BYTES),
    familyKey: fields.familyDigest.toString('hex', 0, SHOWN_BYTES),
  }
}
