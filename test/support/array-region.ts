import type { ByteRegion } from '../../src/engine/structures/byte-region.ts'
import {
  EMPTY_LISTPACK_BYTES,
  writeEmptyListpack,
} from '../../src/engine/structures/listpack-edit.ts'

/** Bytes that move with every splice, and are overwritten where they were: who keeps a place is found out. */
export class ArrayRegion implements ByteRegion {
  bytes: Uint8Array
  start: number
  length: number

  constructor(content: Uint8Array, start: number) {
    this.bytes = new Uint8Array(start + content.length).fill(0xaa)
    this.bytes.set(content, start)
    this.start = start
    this.length = content.length
  }

  static ofEmptyListpack(): ArrayRegion {
    const region = new ArrayRegion(new Uint8Array(EMPTY_LISTPACK_BYTES), 3)
    writeEmptyListpack(region.bytes, region.start)
    return region
  }

  get content(): Uint8Array {
    return this.bytes.slice(this.start, this.start + this.length)
  }

  splice(at: number, removed: number, inserted: number): void {
    const old = this.content
    const start = this.start === 3 ? 11 : 3
    const bytes = new Uint8Array(start + old.length - removed + inserted).fill(0xaa)
    bytes.set(old.subarray(0, at), start)
    bytes.set(old.subarray(at + removed), start + at + inserted)
    this.bytes.fill(0xbb)
    this.bytes = bytes
    this.start = start
    this.length = bytes.length - start
  }
}
