import { compareBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'

/** Stands before every member of its score. */
export const BEFORE_ALL: Handle = NONE
/** Stands after every member of its score. */
export const AFTER_ALL: Handle = 0xffff_ffff

export interface MemberLayout {
  /** Where a member's record tells the length of the member, and where its bytes start. */
  readonly lengthAt: number
  readonly bytesAt: number
}

/** The order of members: by their bytes, as memcmp, the shorter first. */
export class MemberOrder {
  readonly #slab: Slab
  readonly #lengthAt: number
  readonly #bytesAt: number

  constructor(slab: Slab, layout: MemberLayout) {
    this.#slab = slab
    this.#lengthAt = layout.lengthAt
    this.#bytesAt = layout.bytesAt
  }

  /** `bound` is a member, or BEFORE_ALL or AFTER_ALL. */
  isBefore(member: Handle, bound: Handle): boolean {
    if (member === bound || bound === BEFORE_ALL) return false
    if (bound === AFTER_ALL) return true
    const start = this.#slab.offset(bound) + this.#bytesAt
    const length = this.#slab.uint32(bound, this.#lengthAt)
    return this.compare(member, this.#slab.bytes(bound), start, length) < 0
  }

  compare(member: Handle, bytes: Uint8Array, start: number, length: number): number {
    const memberStart = this.#slab.offset(member) + this.#bytesAt
    const memberLength = this.#slab.uint32(member, this.#lengthAt)
    return compareBytes(this.#slab.bytes(member), memberStart, memberLength, bytes, start, length)
  }
}
