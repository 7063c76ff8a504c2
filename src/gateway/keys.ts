import type { Compression } from './cache/encoding.ts'
import type { Tag } from './metadata/plan.ts'

/**
 * Every key the gateway writes to the store begins here. The prefix keeps a store that is shared with other
 * programs apart, the second word says what a key holds: `redis-cli --scan --pattern 'gerbang:entry:*'`.
 */
const PREFIX = 'gerbang'

/** A cached answer. `digest` is that of everything the answer depends on. */
export function entryKey(digest: Buffer): Buffer {
  return Buffer.from(`${PREFIX}:entry:${digest.toString('base64url')}`)
}

/** The same answer compressed. */
export function variantKey(digest: Buffer, encoding: Compression): Buffer {
  return Buffer.from(`${entryKey(digest).toString()}:${encoding}`)
}

/** The stamp of one tag; every entry that depends on the tag is dead once it changed. */
export function epochKey(tag: Tag): Buffer {
  return Buffer.from(`${PREFIX}:epoch:${tag}`)
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

/** `idDigest` rather than the id: who reads the store cannot use a session. */
export function sessionKey(idDigest: string): Buffer {
  return Buffer.from(`${PREFIX}:session:${idDigest}`)
}
