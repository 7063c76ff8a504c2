import type { Tag } from '../metadata/plan.ts'
import { type OpenedEntry, openCacheEntry, WRITE_STAMP_BYTES } from './cache-entry.ts'
import type { CacheTarget } from './cache-target.ts'
import { ANY_WRITE, EVERYTHING } from './epochs.ts'

/** Why what is kept under a key is not served as fresh. */
export type EntryFault =
  | 'absent'
  | 'other-format'
  | 'other-request'
  | 'other-tags'
  | 'everything'
  | 'any-write'
  | 'written'
  | 'stamps-lost'
  | 'stale-purged'
  | 'expired'
  | 'older-than-asked'

export interface EntryDiagnosis {
  /** `undefined` for one without fault. */
  readonly fault: EntryFault | undefined
  readonly entry: OpenedEntry | undefined
  /** Of the fault: those whose stamps are others now, or gone. */
  readonly tags: readonly Tag[]
}

/** `values`: the entry, then the stamps of the target's tags, as one look-up reads them. */
export function diagnoseEntry(
  target: CacheTarget,
  [bytes, ...stamps]: readonly (Buffer | undefined)[],
  nowMs: number,
): EntryDiagnosis {
  if (bytes === undefined) return { fault: 'absent', entry: undefined, tags: [] }
  const entry = openCacheEntry(bytes)
  if (entry === undefined) return { fault: 'other-format', entry, tags: [] }
  const fault = (name: EntryFault | undefined, tags: readonly Tag[] = []): EntryDiagnosis => ({
    fault: name,
    entry,
    tags,
  })
  if (!entry.digest.equals(target.digest)) return fault('other-request')
  if (entry.stamps.length !== target.tags.length) return fault('other-tags')
  const { written, lost, purged } = compareStamps(target.tags, entry, stamps)
  if (written.includes(EVERYTHING)) return fault('everything', [EVERYTHING])
  const named = written.filter((tag) => tag !== ANY_WRITE)
  if (named.length > 0) return fault('written', named)
  if (written.length > 0) return fault('any-write', written)
  if (lost.length > 0) return fault('stamps-lost', lost)
  if (nowMs >= entry.expiresAtMs) return fault('expired')
  if (nowMs >= entry.storedAtMs + target.ttlMs) return fault('older-than-asked')
  return purged.length > 0 ? fault('stale-purged', purged) : fault(undefined)
}

interface ComparedTags {
  readonly written: readonly Tag[]
  readonly lost: readonly Tag[]
  readonly purged: readonly Tag[]
}

function compareStamps(
  tags: readonly Tag[],
  { stamps: then }: OpenedEntry,
  now: readonly (Buffer | undefined)[],
): ComparedTags {
  const written: Tag[] = []
  const lost: Tag[] = []
  const purged: Tag[] = []
  for (const [index, tag] of tags.entries()) {
    const before = then[index]
    const current = now[index]
    if (before === undefined || current === undefined) lost.push(tag)
    else if (!before.equals(current)) {
      const isSameWrite = current
        .subarray(0, WRITE_STAMP_BYTES)
        .equals(before.subarray(0, WRITE_STAMP_BYTES))
      if (isSameWrite) purged.push(tag)
      else written.push(tag)
    }
  }
  return { written, lost, purged }
}
