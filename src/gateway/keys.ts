import { COMPRESSIONS, type Compression } from './cache/encoding.ts'
import type { Tag } from './metadata/plan.ts'

/**
 * Every key the gateway writes to the store begins here. The prefix keeps a store that is shared with other
 * programs apart, the second word says what a key holds: `redis-cli --scan --pattern 'gerbang:entry:*'`.
 */
const PREFIX = 'gerbang'

/** Hasura EE shows its keys as SHA-1 in hexadecimal: clients may rely on 40 digits. */
const SHOWN_BYTES = 20

/** A digest as X-Hasura-Query-Cache-Key and X-Hasura-Query-Family-Cache-Key show it. */
export function shownDigest(digest: Buffer): string {
  return digest.toString('hex', 0, SHOWN_BYTES)
}

/**
 * A cached answer. `digest` is that of everything the answer depends on. Only as much of it as clients are
 * shown, so that they can name the entry; the rest is compared when it is read.
 */
export function entryKey(digest: Buffer): Buffer {
  return shownEntryKey(shownDigest(digest))
}

/** The braces put an entry and its variants on one cluster node: they change in one step. */
export function shownEntryKey(shown: string): Buffer {
  return Buffer.from(`${PREFIX}:entry:{${shown}}`)
}

/** The entry that clients are shown so, then what may be kept of it in other encodings. */
export function shownEntryKeys(shown: string): readonly Buffer[] {
  const key = shownEntryKey(shown)
  const variants = COMPRESSIONS.map((encoding) => Buffer.from(`${key.toString()}:${encoding}`))
  return [key, ...variants]
}

/** The same answer compressed. */
export function variantKey(digest: Buffer, encoding: Compression): Buffer {
  return Buffer.from(`${entryKey(digest).toString()}:${encoding}`)
}

/** The stamp of one tag; every entry that depends on the tag is dead once it changed. */
export function epochKey(tag: Tag): Buffer {
  return Buffer.from(`${PREFIX}:epoch:${tag}`)
}

/**
 * What was purged by other things than tags, since which stamp of `everything`. The braces put it on the
 * cluster node of that epoch: both change in one step.
 */
export function purgeHistoryKey(): Buffer {
  return Buffer.from(`${PREFIX}:purges:{${epochKey('everything').toString()}}`)
}

/** Who fetches what is missing. `digest` is that of the entry's key and of the stamps it would be kept with. */
export function fillLockKey(digest: Buffer): Buffer {
  return Buffer.from(`${PREFIX}:fill:${shownDigest(digest)}`)
}

/** What one subject has used of one rule. The braces keep the rules of a subject on one cluster node. */
export function limitKey(rule: string, subject: string): Buffer {
  return Buffer.from(`${PREFIX}:limit:{${subject}}:${rule}`)
}

/** A document that a client has registered. `hash` is its SHA-256, in hexadecimal. */
export function documentKey(hash: string): Buffer {
  return Buffer.from(`${PREFIX}:document:${hash}`)
}

/** How many documents one subject has registered. */
export function documentQuotaKey(subject: string): Buffer {
  return Buffer.from(`${PREFIX}:document-quota:${subject}`)
}

/**
 * The braces put all that belongs to sessions and revocations on one cluster node: a session ends, leaves the list
 * of its user and is announced to the other gateways in one step.
 */
const SESSIONS = '{sessions}'

/** What the id of a session comes behind. */
export const SESSION_KEY_PREFIX = `${PREFIX}:session:${SESSIONS}:`

/** `id` tells sessions apart and opens none: what the cookie holds beside it is not in the store. */
export function sessionKey(id: string): Buffer {
  return Buffer.from(`${SESSION_KEY_PREFIX}${id}`)
}

/** Which sessions a user has. */
export function userSessionsKey(userDigest: string): Buffer {
  return Buffer.from(`${PREFIX}:user-sessions:${SESSIONS}:${userDigest}`)
}

/** What was revoked: `word` is `everyone`, or names a user or a token. */
export function denialKey(word: string): Buffer {
  return Buffer.from(`${PREFIX}:denial:${SESSIONS}:${word}`)
}

/** What was revoked lately, for all gateways to read. */
export function revocationLogKey(): Buffer {
  return Buffer.from(`${PREFIX}:revocations:${SESSIONS}`)
}
