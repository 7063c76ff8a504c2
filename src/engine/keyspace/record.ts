import { copyBytes } from '../memory/byte-slice.ts'
import type { Handle, Slab } from '../memory/slab.ts'
import { HASH_AT, KEY_LENGTH_AT } from '../structures/record-chain.ts'
import { STRING_FORMS, type StringForm } from '../structures/string-value.ts'

/**
 * One key, its value and all that is known of it, in one block of the slab:
 *
 *    0  u32  next record of the bucket   ┐
 *    4  u32  hash of the key             │ dict.ts
 *    8  u32  length of the key           ┘
 *   12  u24  access: LRU clock, or LFU minutes and counter (access.ts)
 *   15  u8   bits 0-2 type, bit 3 has expiry, bits 4-5 form of a string (string-value.ts), bit 6 rooted,
 *            bit 7 mark of a snapshot
 *   16  u32  length of the value; a rooted value is the handle of its root block (rooted-structure.ts)
 *   20  key, then value, then, when it has expiry:
 *       f64  the instant in milliseconds of the Unix epoch
 *       u32  its place in the expiry heap
 */
export const ACCESS_AT = 12
export const KEY_AT = 20
const META_AT = 15
const VALUE_LENGTH_AT = 16
const EXPIRY_BYTES = 12
const HEAP_INDEX_IN_EXPIRY = 8

const TYPE_MASK = 0b111
const HAS_EXPIRY = 0b1000
const FORM_SHIFT = 4
const FORM_MASK = 0b11_0000
const ROOTED = 0b100_0000
const MARK = 0b1000_0000
/** What a value is, apart from its expiry: it goes where the value goes. */
const KIND_MASK = TYPE_MASK | FORM_MASK | ROOTED
const ACCESS_MASK = 0xff_ffff

export const NO_EXPIRY = 0

export class Records {
  readonly slab: Slab
  /** What records are marked with that are made now: 0 or MARK. Each snapshot takes the other one. */
  newMark = 0

  constructor(slab: Slab) {
    this.slab = slab
  }

  bytesFor(keyLength: number, valueLength: number, hasExpiry: boolean): number {
    return KEY_AT + keyLength + valueLength + (hasExpiry ? EXPIRY_BYTES : 0)
  }

  /** A record with its key, a string for now; the value's bytes and the expiry are the caller's to write. */
  create(
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    hash: number,
    valueLength: number,
    hasExpiry: boolean,
  ): Handle {
    const record = this.slab.allocate(this.bytesFor(keyLength, valueLength, hasExpiry))
    const view = this.slab.view(record)
    const at = this.slab.offset(record)
    view.setUint32(at + HASH_AT, hash, true)
    view.setUint32(at + KEY_LENGTH_AT, keyLength, true)
    view.setUint32(at + ACCESS_AT, ((hasExpiry ? HAS_EXPIRY : 0) | this.newMark) << 24, true)
    view.setUint32(at + VALUE_LENGTH_AT, valueLength, true)
    copyBytes(this.slab.bytes(record), at + KEY_AT, key, keyStart, keyLength)
    return record
  }

  typeNumber(record: Handle): number {
    return this.#meta(record) & TYPE_MASK
  }

  isRooted(record: Handle): boolean {
    return (this.#meta(record) & ROOTED) !== 0
  }

  setCollection(record: Handle, typeNumber: number, isRooted: boolean): void {
    const kept = this.#meta(record) & (HAS_EXPIRY | MARK)
    this.#setMeta(record, typeNumber | kept | (isRooted ? ROOTED : 0))
  }

  /** Type, form and rooted or not, as one number to hand to `setKind`. */
  kind(record: Handle): number {
    return this.#meta(record) & KIND_MASK
  }

  setKind(record: Handle, kind: number): void {
    this.#setMeta(record, (this.#meta(record) & ~KIND_MASK) | kind)
  }

  /** From now on no record that is there has the mark. */
  flipMark(): void {
    this.newMark ^= MARK
  }

  hasMark(record: Handle): boolean {
    return (this.#meta(record) & MARK) === this.newMark
  }

  mark(record: Handle): void {
    this.#setMeta(record, (this.#meta(record) & ~MARK) | this.newMark)
  }

  root(record: Handle): Handle {
    return this.slab.view(record).getUint32(this.valueStart(record), true)
  }

  setRoot(record: Handle, root: Handle): void {
    this.slab.view(record).setUint32(this.valueStart(record), root, true)
  }

  hash(record: Handle): number {
    return this.slab.uint32(record, HASH_AT)
  }

  keyStart(record: Handle): number {
    return this.slab.offset(record) + KEY_AT
  }

  keyLength(record: Handle): number {
    return this.slab.uint32(record, KEY_LENGTH_AT)
  }

  valueStart(record: Handle): number {
    return this.slab.offset(record) + KEY_AT + this.keyLength(record)
  }

  valueLength(record: Handle): number {
    return this.slab.uint32(record, VALUE_LENGTH_AT)
  }

  setValueLength(record: Handle, length: number): void {
    this.slab.setUint32(record, VALUE_LENGTH_AT, length)
  }

  access(record: Handle): number {
    return this.slab.uint32(record, ACCESS_AT) & ACCESS_MASK
  }

  setAccess(record: Handle, access: number): void {
    const word = this.slab.uint32(record, ACCESS_AT)
    this.slab.setUint32(record, ACCESS_AT, ((word & ~ACCESS_MASK) | access) >>> 0)
  }

  stringForm(record: Handle): StringForm {
    return STRING_FORMS[(this.#meta(record) & FORM_MASK) >>> FORM_SHIFT] ?? 'given'
  }

  /** Makes it a string of this form, whatever it was. */
  setStringForm(record: Handle, form: StringForm): void {
    const bits = STRING_FORMS.indexOf(form) << FORM_SHIFT
    this.#setMeta(record, (this.#meta(record) & ~KIND_MASK) | bits)
  }

  hasExpiry(record: Handle): boolean {
    return (this.#meta(record) & HAS_EXPIRY) !== 0
  }

  /** Whether the record has room for an expiry behind its value is the caller's to know. */
  setHasExpiry(record: Handle, hasExpiry: boolean): void {
    const meta = this.#meta(record)
    this.#setMeta(record, hasExpiry ? meta | HAS_EXPIRY : meta & ~HAS_EXPIRY)
  }

  expiresAtMs(record: Handle): number {
    if (!this.hasExpiry(record)) return NO_EXPIRY
    return this.slab.view(record).getFloat64(this.#expiryStart(record), true)
  }

  setExpiresAtMs(record: Handle, expiresAtMs: number): void {
    this.slab.view(record).setFloat64(this.#expiryStart(record), expiresAtMs, true)
  }

  heapIndex(record: Handle): number {
    const at = this.#expiryStart(record) + HEAP_INDEX_IN_EXPIRY
    return this.slab.view(record).getUint32(at, true)
  }

  setHeapIndex(record: Handle, index: number): void {
    const at = this.#expiryStart(record) + HEAP_INDEX_IN_EXPIRY
    this.slab.view(record).setUint32(at, index, true)
  }

  #expiryStart(record: Handle): number {
    return this.valueStart(record) + this.valueLength(record)
  }

  #meta(record: Handle): number {
    return this.slab.view(record).getUint8(this.slab.offset(record) + META_AT)
  }

  #setMeta(record: Handle, meta: number): void {
    this.slab.view(record).setUint8(this.slab.offset(record) + META_AT, meta)
  }
}
