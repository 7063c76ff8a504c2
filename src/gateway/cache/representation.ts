import { entryKey, variantKey } from '../keys.ts'
import { EtagMemo } from './cache-entry.ts'
import type { Compression, Encoding } from './encoding.ts'

/** The header fields of an answer from the cache, worded once for as long as they stay the same. */
export interface WordedFields {
  /** name, value, name, value … */
  readonly list: readonly string[]
  /** As lines of an HTTP/1.1 head. */
  readonly text: string
}

/** The entry of a target in one encoding: where it is, and what is remembered of it. */
export interface Representation {
  readonly encoding: Encoding
  /** The entry, then the epochs of the tags: what one look-up reads. */
  readonly keys: readonly Buffer[]
  readonly etags: EtagMemo
  /** One at a time: the memory it takes is bounded as the number of targets is. */
  worded: Wording | undefined
}

/** For which entry and which time fields were worded. */
export interface Wording {
  readonly etag: string
  readonly storedAtMs: number
  readonly expiresAtMs: number
  readonly fromMs: number
  readonly untilMs: number
  readonly fields: WordedFields
}

export interface Variant extends Representation {
  readonly encoding: Compression
  /** The store had it when last asked. */
  isKept: boolean
  /** When the entry was kept for which it was last made, or found not worth it. */
  triedStoredAtMs: number
}

export function createIdentity(digest: Buffer, epochKeys: readonly Buffer[]): Representation {
  return {
    encoding: 'identity',
    keys: [entryKey(digest), ...epochKeys],
    etags: new EtagMemo(),
    worded: undefined,
  }
}

export function createVariant(
  digest: Buffer,
  epochKeys: readonly Buffer[],
  encoding: Compression,
): Variant {
  return {
    encoding,
    keys: [variantKey(digest, encoding), ...epochKeys],
    etags: new EtagMemo(),
    worded: undefined,
    isKept: false,
    triedStoredAtMs: Number.NaN,
  }
}

/** It is not there, or of an answer before: the next who wants it has it made. */
export function forgetVariant(variant: Variant): void {
  variant.isKept = false
  variant.triedStoredAtMs = Number.NaN
}
