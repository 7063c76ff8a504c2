/**
 * A run of bytes that can grow and shrink in the middle: the value of a record, a block of the slab. The
 * object is used again for the next one; a splice may move all bytes elsewhere, so that `bytes` and `start`
 * are read anew after it.
 */
export interface ByteRegion {
  readonly bytes: Uint8Array
  readonly start: number
  readonly length: number
  /**
   * Replaces `removed` bytes by `inserted` ones, `at` bytes behind the start; what is inserted is undefined
   * until it is written. The bytes before and behind stay what they were.
   */
  splice(at: number, removed: number, inserted: number): void
}
