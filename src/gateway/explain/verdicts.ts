import type { EntryFault } from '../cache/diagnose-entry.ts'
import type { BypassReason } from '../cache/policy.ts'
import type { DiscardReason } from '../cache/storable.ts'
import { BYPASS_REASONS } from '../metrics.ts'

/** What a request would get at this moment, and why. docs/REASONS.md is made from this. */
export type VerdictReason =
  | BypassReason
  | EntryFault
  | 'mutation'
  | 'fresh'
  | 'stale-while-revalidate'
  | 'not-kept'
  | 'refresh'
  | 'store-failed'
  | 'write-owed'
  | 'too-many-tags'
  | 'unknown'

export type VerdictResult = 'hit' | 'stale' | 'miss' | 'bypass' | 'unknown'

/** Of what is not told by `BYPASS_REASONS`, in words. */
export const VERDICT_MEANINGS: Readonly<Record<Exclude<VerdictReason, BypassReason>, string>> = {
  mutation: 'it is a mutation: what it writes is stale before it is answered',
  fresh: 'there is an entry, and nothing it was read from was written since',
  'stale-while-revalidate':
    'the entry’s time has passed; it is served once more while a newer answer is fetched',
  'stale-purged': 'the entry was purged softly; it is served while a newer answer is fetched',
  absent:
    'there is no entry under this key: it was not asked for yet, its time has passed, it was purged, or it had to make room',
  'not-kept': 'the last answer under this key was not kept',
  expired: 'there is an entry, and its time has passed',
  'older-than-asked':
    'there is an entry, kept for longer than this request asks for: it is too old for it',
  written: 'what the answer is read from was written, or purged, since the entry was kept',
  'any-write':
    'the answer may depend on anything, and something was written since the entry was kept',
  everything:
    'everything was made stale since the entry was kept: by a change of metadata, a write that may change anything, or a purge that meant it',
  'stamps-lost': 'the store has lost what tells whether the entry is still true',
  'other-format': 'what is kept under this key is of another version of the gateway',
  'other-request': 'what is kept under this key answers another request',
  'other-tags': 'the entry was kept when the answer was thought to be read from other tables',
  refresh: '@cached(refresh: true) asks for a new answer',
  'store-failed': 'the store does not answer',
  'write-owed': 'the store was not told of a write yet: what it has may be older',
  'too-many-tags': 'the answer is read from more tables than an entry can name',
  unknown: 'the cache of the running gateway was not asked',
}

/** Why an answer is not kept, in words. */
export const DISCARD_MEANINGS: Readonly<Record<DiscardReason, string>> = {
  status: 'its status was not 200',
  'content-type': 'its type was not application/json in UTF-8',
  'content-encoding': 'it came compressed',
  'set-cookie': 'it set a cookie',
  'no-store': 'Cache-Control or Vary forbade to keep it',
  size: 'it was larger than cache.entry_size_max',
  'not-json': 'it was no GraphQL result',
  errors: 'it had errors',
  incomplete: 'it was the beginning of an answer in parts',
  'no-data': 'its data was null',
  epoch: 'what it was read from was written while it was fetched',
  overtaken: 'another fetch that began later had brought an answer already',
  admission:
    'the memory of the store was short, and it had not been asked for often enough for its size',
  capacity: 'the store was full',
  store: 'the store could not be asked',
}

export function meaningOf(reason: VerdictReason): string {
  return isBypass(reason) ? BYPASS_REASONS[reason] : VERDICT_MEANINGS[reason]
}

function isBypass(reason: VerdictReason): reason is BypassReason {
  return reason in BYPASS_REASONS
}
