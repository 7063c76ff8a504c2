import { epochKey, shownDigest } from '../keys.ts'
import type { Tag } from '../metadata/plan.ts'
import type { CacheDetail } from '../options.ts'
import type { FamilyCounts } from '../statistics/family-statistics.ts'
import { COMPRESSIONS, type Compression, type Encoding } from './encoding.ts'
import { EVERYTHING } from './epochs.ts'
import {
  createIdentity,
  createVariant,
  forgetVariant,
  type Representation,
  type Variant,
} from './representation.ts'
import { type Selector, selectors } from './selectors.ts'
import { longestStaleMs, NEVER_STALE, type Staleness } from './staleness.ts'

/** Where the answer to one request by one kind of asker is kept, worked out once and then remembered. */
export interface CacheTarget {
  /** Of everything the answer depends on. */
  readonly digest: Buffer
  readonly ttlMs: number
  /** By which part of `ttlMs`, at most, an entry lives shorter than that. */
  readonly ttlJitter: number
  readonly staleness: Staleness
  /** How long after its expiry the store still has an entry. */
  readonly staleMs: number
  /** The tables the answer is read from, and `everything`. */
  readonly tags: readonly Tag[]
  /** The entry, then the epochs of the tags: what one look-up reads. */
  readonly keys: readonly Buffer[]
  /** As the upstream sent it. */
  readonly identity: Representation
  /** Made when a client first asks for one: most targets have none. */
  readonly variants: Partial<Record<Compression, Variant>>
  /** The answer may depend on the client's own headers, which are in the key: they must be sent. */
  readonly forwardsHeaders: boolean
  /** What is told to those it is for: the role is in the key. */
  readonly detail: CacheDetail
  /** X-Hasura-Query-Cache-Key. */
  readonly cacheKey: string
  /** X-Hasura-Query-Family-Cache-Key: the same for all variables and sessions of a role. */
  readonly familyKey: string
  /** What the entry can be purged by. */
  readonly selectors: readonly Selector[]
  /** The place of `everything` among the tags. */
  readonly scopeIndex: number
  /** Found when it is first counted. */
  familyCounts: FamilyCounts | undefined
}

export interface CacheTargetFields {
  readonly digest: Buffer
  readonly familyDigest: Buffer
  readonly ttlMs: number
  readonly reads: readonly Tag[]
  /** Of who asks and what: role, operation, session variables. */
  readonly selectors?: readonly Selector[]
  /** Not, unless given. */
  readonly forwardsHeaders?: boolean
  /** Unless given, all entries live for `ttlMs`. */
  readonly ttlJitter?: number
  /** Unless given, an entry is never served after its time. */
  readonly staleness?: Staleness
  /** All, unless given. */
  readonly detail?: CacheDetail
  /** Gives the same Buffer for the same tag, so that targets share them. */
  readonly epochKeyOf?: (tag: Tag) => Buffer
}

export function createCacheTarget(fields: CacheTargetFields): CacheTarget {
  const { digest, staleness = NEVER_STALE, epochKeyOf = epochKey } = fields
  const tags = [...new Set([EVERYTHING, ...fields.reads])].sort()
  const identity = createIdentity(digest, tags.map(epochKeyOf))
  const cacheKey = shownDigest(digest)
  const familyKey = shownDigest(fields.familyDigest)
  return {
    digest,
    ttlMs: fields.ttlMs,
    ttlJitter: fields.ttlJitter ?? 0,
    staleness,
    staleMs: longestStaleMs(staleness),
    tags,
    keys: identity.keys,
    identity,
    variants: {},
    forwardsHeaders: fields.forwardsHeaders ?? false,
    detail: fields.detail ?? 'full',
    cacheKey,
    familyKey,
    selectors: [
      selectors.key(cacheKey),
      selectors.family(familyKey),
      ...(fields.selectors ?? []),
      ...tags.map(selectors.tag),
    ],
    scopeIndex: tags.indexOf(EVERYTHING),
    familyCounts: undefined,
  }
}

export function representationOf(target: CacheTarget, encoding: Encoding): Representation {
  return encoding === 'identity' ? target.identity : variantOf(target, encoding)
}

/** The variant, remembered from now on. */
export function variantOf(target: CacheTarget, encoding: Compression): Variant {
  target.variants[encoding] ??= createVariant(target.digest, target.keys.slice(1), encoding)
  return target.variants[encoding]
}

/** After a fill: what was compressed is of the entry before. */
export function forgetVariants({ variants }: CacheTarget): void {
  for (const encoding of COMPRESSIONS) {
    const variant = variants[encoding]
    if (variant !== undefined) forgetVariant(variant)
  }
}
