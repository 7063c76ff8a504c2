/** Types of values by the number a record keeps, and as TYPE names them. */
export const VALUE_TYPES = ['string', 'list', 'set', 'zset', 'hash', 'stream'] as const

export type ValueType = (typeof VALUE_TYPES)[number]

/** All but strings. */
export type CollectionType = Exclude<ValueType, 'string'>

export const STRING_TYPE = 0

/** As OBJECT ENCODING of Redis 7.0 names them. */
export type Encoding =
  | 'int'
  | 'embstr'
  | 'raw'
  | 'listpack'
  | 'quicklist'
  | 'intset'
  | 'hashtable'
  | 'skiplist'
  | 'stream'

/** A small collection lies in its record, packed; a large one is reached from a root block of the slab. */
export const PACKED_ENCODINGS: Readonly<Record<CollectionType, Encoding>> = {
  list: 'quicklist',
  set: 'intset',
  zset: 'listpack',
  hash: 'listpack',
  stream: 'stream',
}

export const ROOTED_ENCODINGS: Readonly<Record<CollectionType, Encoding>> = {
  list: 'quicklist',
  set: 'hashtable',
  zset: 'skiplist',
  hash: 'hashtable',
  stream: 'stream',
}
