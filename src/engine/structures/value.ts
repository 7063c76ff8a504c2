/** Types of values by the number a record keeps, and as TYPE names them. */
export const VALUE_TYPES = ['string', 'list', 'set', 'zset', 'hash', 'stream'] as const

export type ValueType = (typeof VALUE_TYPES)[number]

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
