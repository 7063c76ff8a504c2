/**
 * The root block, by which a table is named. It never moves.
 *
 *    0  u32  entries
 *    4  u32  the table: a block of one u32 per bucket, the first entry of its chain
 *    8  u32  buckets of the table, a power of two
 *   12  u32  while rehashing: the table that entries move to; else NONE
 *   16  u32  its buckets, or 0
 *   20  u32  the first bucket not moved yet
 *   24  f64  bytes of the entries' blocks
 */
export const SIZE_AT = 0
export const TABLE_AT = 4
export const BUCKETS_AT = 8
export const TARGET_AT = 12
export const TARGET_BUCKETS_AT = 16
export const MOVED_AT = 20
export const ENTRY_BYTES_AT = 24
export const ROOT_BYTES = 32

/** Of a bucket. */
export const WORD_BYTES = 4
