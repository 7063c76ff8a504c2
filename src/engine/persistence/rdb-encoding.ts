/** What is written: Redis 7.0's. */
export const RDB_VERSION = 10
/** What is read: up to Redis 7.4's. */
export const RDB_VERSION_MAX = 12

/** Kinds of values (rdb.h). Those without a word behind them are of Redis 7.0 or older. */
export const RDB_TYPE = {
  string: 0,
  list: 1,
  set: 2,
  /** Scores as text. */
  zset: 3,
  hash: 4,
  /** Scores as doubles. */
  zset2: 5,
  hashZipmap: 9,
  listZiplist: 10,
  setIntset: 11,
  zsetZiplist: 12,
  hashZiplist: 13,
  listQuicklist: 14,
  streamListpacks: 15,
  hashListpack: 16,
  zsetListpack: 17,
  listQuicklist2: 18,
  streamListpacks2: 19,
  /** Redis 7.2. */
  setListpack: 20,
  /** Redis 7.2. */
  streamListpacks3: 21,
} as const

export const RDB_OPCODE = {
  slotInfo: 244,
  function2: 245,
  functionPreRelease: 246,
  moduleAux: 247,
  idle: 248,
  frequency: 249,
  aux: 250,
  resizeDatabase: 251,
  expiresAtMs: 252,
  expiresAtSeconds: 253,
  selectDatabase: 254,
  end: 255,
} as const

/** The two highest bits of a length: how it goes on, or that something else follows. */
export const LENGTH_14_BITS = 0x40
export const LENGTH_32_BITS = 0x80
export const LENGTH_64_BITS = 0x81
export const ENCODED = 0xc0
export const ENCODED_INT_8 = 0xc0
export const ENCODED_INT_16 = 0xc1
export const ENCODED_INT_32 = 0xc2
export const ENCODED_LZF = 0xc3

export const LENGTH_6_BITS_MAX = 63
export const LENGTH_14_BITS_MAX = 16_383

/** How a node of a list is packed (quicklist.h). */
export const CONTAINER_PLAIN = 1
export const CONTAINER_PACKED = 2

export type RdbErrorCode = 'truncated' | 'corrupt' | 'unsupported'

/** What was to be read is damaged, cut off, or of a kind that is not known. */
export class RdbError extends Error {
  override readonly name = 'RdbError'
  readonly code: RdbErrorCode

  constructor(code: RdbErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export function corrupt(message: string): RdbError {
  return new RdbError('corrupt', message)
}
