import { copyBytes } from '../../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../../memory/slab.ts'

/**
 * A block with the handles of blocks that have names, in the order of the names:
 *
 *    0  u32  how many
 *    4  u32  each one's handle
 *
 * A name stands in its own block, its length in the first word. To add one moves 4 bytes for each behind it: 0.1 ms at
 * a million names.
 */
const COUNT_AT = 0
const HANDLES_AT = 4
const WORD_BYTES = 4
const FIRST_CAPACITY = 3

/** Names of groups, or of a group's consumers; NONE is the list without names. */
export class NameList {
  readonly #slab: Slab
  readonly #nameAt: number

  /** `nameAt`: where the name stands in its block. */
  constructor(slab: Slab, nameAt: number) {
    this.#slab = slab
    this.#nameAt = nameAt
  }

  count(list: Handle): number {
    return list === NONE ? 0 : this.#slab.uint32(list, COUNT_AT)
  }

  at(list: Handle, index: number): Handle {
    return this.#slab.uint32(list, HANDLES_AT + index * WORD_BYTES)
  }

  /** The block of this name, or NONE. */
  find(list: Handle, name: Uint8Array, start: number, length: number): Handle {
    const index = this.#floor(list, name, start, length)
    if (index < 0) return NONE
    const block = this.at(list, index)
    return this.#compare(block, name, start, length) === 0 ? block : NONE
  }

  /** A block of so many bytes with this name in it; the rest is the caller's to write. */
  createBlock(name: Uint8Array, start: number, length: number): Handle {
    const slab = this.#slab
    const block = slab.allocate(this.#nameAt + length)
    slab.setUint32(block, 0, length)
    copyBytes(slab.bytes(block), slab.offset(block) + this.#nameAt, name, start, length)
    return block
  }

  nameStart(block: Handle): number {
    return this.#slab.offset(block) + this.#nameAt
  }

  nameLength(block: Handle): number {
    return this.#slab.uint32(block, 0)
  }

  /** Adds a block whose name is not there. The list may move: gives where it is. */
  insert(list: Handle, block: Handle): Handle {
    const slab = this.#slab
    const count = this.count(list)
    const bytes = slab.bytes(block)
    const index = this.#floor(list, bytes, this.nameStart(block), this.nameLength(block)) + 1
    const grown = this.#withRoom(list, count + 1)
    const at = slab.offset(grown) + HANDLES_AT + index * WORD_BYTES
    const end = slab.offset(grown) + HANDLES_AT + count * WORD_BYTES
    slab.bytes(grown).copyWithin(at + WORD_BYTES, at, end)
    slab.setUint32(grown, HANDLES_AT + index * WORD_BYTES, block)
    slab.setUint32(grown, COUNT_AT, count + 1)
    return grown
  }

  /** Takes a block out of the list, which stays where it is. The block is the caller's to free. */
  remove(list: Handle, block: Handle): void {
    const slab = this.#slab
    const bytes = slab.bytes(block)
    const index = this.#floor(list, bytes, this.nameStart(block), this.nameLength(block))
    const count = this.count(list)
    const at = slab.offset(list) + HANDLES_AT + index * WORD_BYTES
    const end = slab.offset(list) + HANDLES_AT + count * WORD_BYTES
    slab.bytes(list).copyWithin(at, at + WORD_BYTES, end)
    slab.setUint32(list, COUNT_AT, count - 1)
  }

  /** Takes the last block out; the list is there still. */
  removeLast(list: Handle): void {
    this.#slab.setUint32(list, COUNT_AT, this.count(list) - 1)
  }

  free(list: Handle): void {
    if (list !== NONE) this.#slab.free(list)
  }

  /** The last name that is not greater, or -1. */
  #floor(list: Handle, name: Uint8Array, start: number, length: number): number {
    let low = -1
    let high = this.count(list) - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#compare(this.at(list, middle), name, start, length) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  /** As memcmp; what another name starts with is less than that. */
  #compare(block: Handle, name: Uint8Array, start: number, length: number): number {
    const bytes = this.#slab.bytes(block)
    const ownStart = this.nameStart(block)
    const ownLength = this.nameLength(block)
    const shared = Math.min(ownLength, length)
    for (let index = 0; index < shared; index += 1) {
      const difference = (bytes[ownStart + index] ?? 0) - (name[start + index] ?? 0)
      if (difference !== 0) return difference
    }
    return ownLength - length
  }

  #withRoom(list: Handle, count: number): Handle {
    const slab = this.#slab
    const needed = HANDLES_AT + count * WORD_BYTES
    if (list === NONE) {
      const created = slab.allocate(HANDLES_AT + FIRST_CAPACITY * WORD_BYTES)
      slab.setUint32(created, COUNT_AT, 0)
      return created
    }
    const held = slab.blockBytes(list)
    if (needed <= held) return list
    const grown = slab.allocate(held * 2)
    copyBytes(
      slab.bytes(grown),
      slab.offset(grown),
      slab.bytes(list),
      slab.offset(list),
      HANDLES_AT + this.count(list) * WORD_BYTES,
    )
    slab.free(list)
    return grown
  }
}
