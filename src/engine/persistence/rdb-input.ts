import { copyBytes, copyView, viewOf } from '../memory/byte-slice.ts'
import { writeInteger } from '../structures/int64.ts'
import { lzfDecompressInto } from '../structures/lzf.ts'
import {
  corrupt,
  ENCODED,
  ENCODED_INT_8,
  ENCODED_INT_16,
  ENCODED_INT_32,
  ENCODED_LZF,
  LENGTH_6_BITS_MAX,
  LENGTH_14_BITS,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  RdbError,
} from './rdb-encoding.ts'

/** Where the bytes come from, piece by piece. */
export interface ByteSource {
  /** Reads up to `length` bytes into `target` from `start` on; 0 at the end, and while none have come. */
  read(target: Uint8Array, start: number, length: number): number
  /** Whether more may come; without it, none do. */
  readonly isOpen?: boolean
}

/** Sees every byte that has been read: a checksum. */
export interface ByteObserver {
  update(bytes: Uint8Array, start: number, length: number): void
}

const NO_SOURCE: ByteSource = { read: () => 0 }
const NO_BYTES = new Uint8Array(0)
const WINDOW_BYTES = 1_024 * 1_024
const DIGITS_MAX = 20
/** What a compressed byte makes at most: a longer string is not what it says. */
const EXPANSION_MAX = 264
/** Of a string that is not compressed. */
const NOT_PACKED = -1
const SAFE_INTEGER_MAX = BigInt(Number.MAX_SAFE_INTEGER)
/** A string of 512 MB is the largest that a client can send; larger ones would not fit one ArrayBuffer. */
const STRING_BYTES_MAX = 2 ** 32 - 1

/**
 * Reads what RdbOutput writes, and what older and newer versions of Redis did. Throws an RdbError where the bytes
 * are damaged or end too soon. What `string` has read is in `bytes`, `start` and `size` until the next read.
 */
export class RdbInput {
  bytes: Uint8Array = NO_BYTES
  start = 0
  size = 0
  readonly #source: ByteSource
  readonly #observer: ByteObserver | undefined
  readonly #digits = new Uint8Array(DIGITS_MAX)
  readonly #digitsView = viewOf(this.#digits)
  #unpacked: Uint8Array = NO_BYTES
  #unpackedView = viewOf(NO_BYTES)
  /** Bytes of the compressed string that `openString` came to. */
  #packed = NOT_PACKED
  #window: Uint8Array
  #view: DataView
  /** Of the string that was read last, unless it is compressed. */
  #stringView: DataView
  #at = 0
  #end: number
  #observed = 0
  /** What comes from here on may be read again. */
  #mark: number | undefined
  /** Bytes of the source before the window. */
  #passed = 0

  private constructor(
    source: ByteSource,
    window: Uint8Array,
    end: number,
    observer?: ByteObserver,
  ) {
    this.#source = source
    this.#observer = observer
    this.#window = window
    this.#view = viewOf(window)
    this.#stringView = this.#view
    this.#end = end
  }

  static of(bytes: Uint8Array): RdbInput {
    return new RdbInput(NO_SOURCE, bytes, bytes.length)
  }

  static from(source: ByteSource, observer?: ByteObserver): RdbInput {
    return new RdbInput(source, new Uint8Array(WINDOW_BYTES), 0, observer)
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#passed + this.#at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end && !this.#fill(1)
  }

  /** Whether what comes next is this text, which stays to be read. */
  startsWith(text: string): boolean {
    if (this.#end - this.#at < text.length && !this.#fill(text.length)) return false
    for (let index = 0; index < text.length; index += 1) {
      if (this.#window[this.#at + index] !== text.charCodeAt(index)) return false
    }
    return true
  }

  /** From here on all stays in the window, to be read again after `rewind`: until the next mark. */
  mark(): void {
    this.#mark = this.#at
  }

  rewind(): void {
    this.#at = this.#mark ?? this.#at
  }

  /** Bytes in the window that have not been read. */
  get heldBytes(): number {
    return this.#end - this.#at
  }

  /** Shows the observer what has been read, each byte once. */
  observe(): void {
    if (this.#at <= this.#observed) return
    this.#observer?.update(this.#window, this.#observed, this.#at - this.#observed)
    this.#observed = this.#at
  }

  byte(): number {
    this.#need(1)
    const value = this.#window[this.#at] ?? 0
    this.#at += 1
    return value
  }

  /** The next byte, which stays to be read. */
  peek(): number {
    this.#need(1)
    return this.#window[this.#at] ?? 0
  }

  uint32(): number {
    this.#need(4)
    this.#at += 4
    return this.#view.getUint32(this.#at - 4, true)
  }

  double(): number {
    this.#need(8)
    this.#at += 8
    return this.#view.getFloat64(this.#at - 8, true)
  }

  /** Eight bytes, the lowest first. */
  integer64(): number {
    this.#need(8)
    this.#at += 8
    return Number(this.#view.getBigInt64(this.#at - 8, true))
  }

  /** `length` bytes as they are. */
  raw(length: number): void {
    this.#need(length)
    this.bytes = this.#window
    this.#stringView = this.#view
    this.start = this.#at
    this.size = length
    this.#at += length
  }

  length(): number {
    const first = this.byte()
    if (first >= ENCODED) throw corrupt('a length is expected')
    return this.#lengthAfter(first)
  }

  /** A length that a double may not hold. */
  length64(): bigint {
    if (this.peek() !== LENGTH_64_BITS) return BigInt(this.length())
    this.#need(9)
    this.#at += 9
    return this.#view.getBigUint64(this.#at - 8)
  }

  string(): void {
    this.openString()
    if (this.#packed === NOT_PACKED) return
    if (this.#unpacked.length < this.size) {
      this.#unpacked = new Uint8Array(Math.max(4_096, this.size))
      this.#unpackedView = viewOf(this.#unpacked)
    }
    this.#unpack(this.#unpackedView, 0)
    this.bytes = this.#unpacked
    this.start = 0
  }

  /** Comes to a string and tells its `size`; all that it takes has come. What is next is `writeString`. */
  openString(): void {
    const first = this.byte()
    this.#packed = NOT_PACKED
    if (first < ENCODED) return this.#plain(this.#lengthAfter(first))
    switch (first) {
      case ENCODED_INT_8:
        this.#need(1)
        return this.#spell(this.#view.getInt8(this.#at), 1)
      case ENCODED_INT_16:
        this.#need(2)
        return this.#spell(this.#view.getInt16(this.#at, true), 2)
      case ENCODED_INT_32:
        this.#need(4)
        return this.#spell(this.#view.getInt32(this.#at, true), 4)
      case ENCODED_LZF:
        return this.#openPacked()
      default:
        throw corrupt(`unknown encoding of a string: ${first}`)
    }
  }

  /** Reads the string that `openString` came to, to where it is to stay; there is room for it. */
  writeString(target: DataView, at: number): void {
    if (this.#packed !== NOT_PACKED) this.#unpack(target, at)
    else copyView(target, at, this.#stringView, this.start, this.size)
  }

  /** The string that was read last, in bytes of its own. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(this.start, this.start + this.size))
  }

  text(): string {
    this.string()
    return this.copy().toString('latin1')
  }

  #lengthAfter(first: number): number {
    if (first <= LENGTH_6_BITS_MAX) return first
    if (first < LENGTH_32_BITS) return ((first & ~LENGTH_14_BITS) << 8) | this.byte()
    if (first === LENGTH_32_BITS) {
      this.#need(4)
      this.#at += 4
      return this.#view.getUint32(this.#at - 4)
    }
    if (first !== LENGTH_64_BITS) throw corrupt(`unknown encoding of a length: ${first}`)
    this.#need(8)
    this.#at += 8
    const length = this.#view.getBigUint64(this.#at - 8)
    if (length > SAFE_INTEGER_MAX) throw corrupt('a length is beyond reason')
    return Number(length)
  }

  #plain(length: number): void {
    if (length > STRING_BYTES_MAX) throw corrupt('a string is beyond reason')
    this.raw(length)
  }

  #spell(value: number, bytes: number): void {
    this.#at += bytes
    this.bytes = this.#digits
    this.#stringView = this.#digitsView
    this.start = 0
    this.size = writeInteger(this.#digits, value)
  }

  #openPacked(): void {
    const packed = this.length()
    const length = this.length()
    if (length > STRING_BYTES_MAX || length > packed * EXPANSION_MAX) {
      throw corrupt('a compressed string is longer than it can be')
    }
    this.#need(packed)
    this.#packed = packed
    this.size = length
  }

  #unpack(target: DataView, at: number): void {
    if (!lzfDecompressInto(this.#view, this.#at, this.#packed, target, at, this.size)) {
      throw corrupt('invalid LZF compressed string')
    }
    this.#at += this.#packed
  }

  #need(bytes: number): void {
    if (this.#end - this.#at >= bytes || this.#fill(bytes)) return
    throw new RdbError('truncated', 'unexpected end of the data')
  }

  /** Reads on until so many bytes are there; false when they are not. */
  #fill(bytes: number): boolean {
    if (this.#source === NO_SOURCE) return false
    this.observe()
    while (this.#end - this.#at < bytes) {
      // No faster than they come: a length may be a lie.
      const wanted = Math.min(bytes, 2 * Math.max(this.#end - this.#at, WINDOW_BYTES))
      if (this.#window.length - this.#at < wanted) this.#shift(wanted)
      const room = this.#window.length - this.#end
      const read = this.#source.read(this.#window, this.#end, room)
      if (read === 0) return false
      this.#end += read
    }
    return true
  }

  /** Moves what has not been read, or may be again, to the front; of a larger window if it must be. */
  #shift(bytes: number): void {
    const from = this.#mark ?? this.#at
    const needed = this.#at - from + bytes
    const left = this.#end - from
    const isLarge = this.#window.length > 2 * WINDOW_BYTES && needed <= WINDOW_BYTES
    if (needed > this.#window.length || isLarge) {
      const window = new Uint8Array(Math.max(needed, WINDOW_BYTES))
      copyBytes(window, 0, this.#window, from, left)
      this.#window = window
      this.#view = viewOf(window)
    } else {
      this.#window.copyWithin(0, from, this.#end)
    }
    this.#passed += from
    this.#observed -= from
    this.#at -= from
    this.#end = left
    if (this.#mark !== undefined) this.#mark = 0
  }
}
