import { Crc64 } from '../structures/crc64.ts'
import { lzfDecompress } from '../structures/lzf.ts'
import type { Library } from './function-libraries.ts'

/** RDB 10 is Redis 7.0's. */
const RDB_VERSION = 10
const FUNCTION2 = 245
/** Of 7.0's release candidates: name and engine apart from the code. */
const FUNCTION1 = 246
const FOOTER_BYTES = 10
const LENGTH_14_BITS = 0x40
const LENGTH_32_BITS = 0x80
const LENGTH_64_BITS = 0x81
const INT8 = 0xc0
const INT16 = 0xc1
const INT32 = 0xc2
const LZF = 0xc3
const SHORT_MAX = 63
const MEDIUM_MAX = 16_383

/** FUNCTION DUMP's payload: each library as in an RDB file, the version, and a sum over all of it. */
export function dumpLibraries(libraries: Iterable<Library>): Buffer {
  const parts: Uint8Array[] = []
  for (const { code } of libraries)
    parts.push(Uint8Array.of(FUNCTION2), lengthOf(code.length), code)
  const footer = Buffer.alloc(FOOTER_BYTES)
  footer.writeUInt16LE(RDB_VERSION, 0)
  const payload = Buffer.concat([...parts, footer])
  const sum = new Crc64()
  sum.update(payload, 0, payload.length - 8)
  sum.writeTo(payload, payload.length - 8)
  return payload
}

/** Whether it ends as a payload of this version or an earlier one does. */
export function isIntact(payload: Buffer): boolean {
  if (payload.length < FOOTER_BYTES) return false
  if (payload.readUInt16LE(payload.length - FOOTER_BYTES) > RDB_VERSION) return false
  const sum = new Crc64()
  sum.update(payload, 0, payload.length - 8)
  return sum.matches(payload, payload.length - 8)
}

/** The codes of the libraries in an intact payload; or what is wrong with it. */
export function readLibraries(payload: Buffer): Buffer[] | string {
  const reader = new PayloadReader(payload.subarray(0, payload.length - FOOTER_BYTES))
  const codes: Buffer[] = []
  while (!reader.isAtEnd) {
    const type = reader.byte()
    if (type !== FUNCTION1 && type !== FUNCTION2) return 'given type is not a function'
    const code = type === FUNCTION2 ? readCode(reader) : readOldLibrary(reader)
    if (typeof code === 'string') return code
    codes.push(code)
  }
  return codes
}

function readCode(reader: PayloadReader): Buffer | string {
  return reader.string() ?? 'Failed loading library payload'
}

function readOldLibrary(reader: PayloadReader): Buffer | string {
  const name = reader.string()
  if (name === undefined) return 'Failed loading library name'
  const engine = reader.string()
  if (engine === undefined) return 'Failed loading engine name'
  const hasDescription = reader.length()
  if (hasDescription === undefined) return 'Failed loading library description indicator'
  if (hasDescription > 0 && reader.string() === undefined) {
    return 'Failed loading library description'
  }
  const code = reader.string()
  if (code === undefined) return 'Failed loading library blob'
  return Buffer.concat([Buffer.from(`#!${engine.toString('latin1')} name=`), name, LINE, code])
}

const LINE = Buffer.from('\n')

function lengthOf(length: number): Uint8Array {
  if (length <= SHORT_MAX) return Uint8Array.of(length)
  if (length <= MEDIUM_MAX) return Uint8Array.of(LENGTH_14_BITS | (length >> 8), length & 0xff)
  const bytes = Buffer.alloc(5)
  bytes[0] = LENGTH_32_BITS
  bytes.writeUInt32BE(length, 1)
  return bytes
}

/** RDB's strings and lengths; undefined for what is cut off or damaged. */
class PayloadReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number | undefined {
    const byte = this.#bytes[this.#at]
    this.#at += 1
    return byte
  }

  length(): number | undefined {
    const first = this.byte()
    if (first === undefined || first >= INT8) return undefined
    return this.#lengthAfter(first)
  }

  string(): Buffer | undefined {
    const first = this.byte()
    switch (first) {
      case undefined:
        return undefined
      case INT8:
        return this.#integer(1)
      case INT16:
        return this.#integer(2)
      case INT32:
        return this.#integer(4)
      case LZF:
        return this.#compressed()
      default:
        return this.#take(first >= INT8 ? undefined : this.#lengthAfter(first))
    }
  }

  #lengthAfter(first: number): number | undefined {
    if (first <= SHORT_MAX) return first
    if (first < LENGTH_32_BITS) return ((first & SHORT_MAX) << 8) | (this.byte() ?? 0)
    if (first === LENGTH_32_BITS) return this.#take(4)?.readUInt32BE(0)
    if (first !== LENGTH_64_BITS) return undefined
    const long = this.#take(8)?.readBigUInt64BE(0)
    return long === undefined ? undefined : Number(long)
  }

  #integer(bytes: number): Buffer | undefined {
    const value = this.#take(bytes)?.readIntLE(0, bytes)
    return value === undefined ? undefined : Buffer.from(String(value))
  }

  #compressed(): Buffer | undefined {
    const packed = this.length()
    const length = this.length()
    const input = this.#take(packed)
    // LZF makes nothing longer than 264 times what it was: more would be a trap.
    if (input === undefined || length === undefined || length > input.length * 264) return undefined
    return lzfDecompress(input, length)
  }

  #take(length: number | undefined): Buffer | undefined {
    if (length === undefined || this.#at + length > this.#bytes.length) return undefined
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
