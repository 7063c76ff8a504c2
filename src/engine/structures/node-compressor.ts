import { invariant } from '../../shared/assert.ts'
import { copyBytes, viewOf } from '../memory/byte-slice.ts'
import { type Handle, NONE, type Slab } from '../memory/slab.ts'
import { lzfDecompressInto } from './lzf.ts'
import { LzfCompressor } from './lzf-compressor.ts'
import { addToTotal, DATA_AT, LENGTH_AT, PACKED_BYTES_AT, START_AT } from './quicklist-region.ts'

/** quicklist.c: smaller nodes are left alone, and so are those that would not shrink by so much. */
const NODE_BYTES_MIN = 48
const SAVED_BYTES_MIN = 9
/** One large element: packing it would hold everyone up. */
const NODE_BYTES_MAX = 64 * 1_024 * 1_024
/** Buffers that a large node has made larger than this are not kept for the next. */
const CAPACITY_KEPT = 1_024 * 1_024
const NO_BYTES = new Uint8Array(0)

/** Packs and unpacks the data of a list's nodes with LZF, in the slab; reads packed ones beside it. */
export class NodeCompressor {
  readonly #slab: Slab
  /** Made with the first node that is packed: most engines never do. */
  #compressor: LzfCompressor | undefined
  #packed: Uint8Array = NO_BYTES
  /** What was read last, unpacked, and of which node it is. */
  #unpacked: Uint8Array = NO_BYTES
  #unpackedNode: Handle = NONE

  constructor(slab: Slab) {
    this.#slab = slab
  }

  isPacked(node: Handle): boolean {
    return this.#slab.uint32(node, PACKED_BYTES_AT) !== 0
  }

  /** What a packed node holds, from 0 on; valid until another one is read. */
  read(node: Handle): Uint8Array {
    if (this.#unpackedNode === node) return this.#unpacked
    const length = this.#slab.uint32(node, LENGTH_AT)
    this.#unpacked = withRoom(this.#unpacked, length)
    this.#unpack(node, viewOf(this.#unpacked), 0)
    this.#unpackedNode = node
    return this.#unpacked
  }

  /** False when it stays as it is: too small, too large, no smaller afterwards, or without memory to be packed in. */
  pack(root: Handle, node: Handle): boolean {
    const slab = this.#slab
    const length = slab.uint32(node, LENGTH_AT)
    if (this.isPacked(node)) return true
    if (length < NODE_BYTES_MIN || length > NODE_BYTES_MAX) return false
    this.#compressor ??= new LzfCompressor()
    this.#packed = withRoom(this.#packed, length)
    const old = slab.uint32(node, DATA_AT)
    const bytes = this.#compressor.compress(
      slab.bytes(old),
      slab.offset(old) + slab.uint32(node, START_AT),
      length,
      this.#packed,
      0,
      length - SAVED_BYTES_MIN,
    )
    if (bytes === 0) return false
    const block = slab.tryToAllocate(bytes)
    if (block === NONE) return false
    copyBytes(slab.bytes(block), slab.offset(block), this.#packed, 0, bytes)
    this.#exchange(root, node, block)
    slab.setUint32(node, PACKED_BYTES_AT, bytes)
    return true
  }

  /** To be written to. */
  unpack(root: Handle, node: Handle): void {
    if (this.isPacked(node)) this.#unpackInto(root, node, this.#slab.allocate(this.#lengthOf(node)))
  }

  /** To be written to soon: without memory for that it stays as it is. */
  tryToUnpack(root: Handle, node: Handle): void {
    if (!this.isPacked(node)) return
    const block = this.#slab.tryToAllocate(this.#lengthOf(node))
    if (block !== NONE) this.#unpackInto(root, node, block)
  }

  #unpackInto(root: Handle, node: Handle, block: Handle): void {
    const slab = this.#slab
    this.#unpack(node, slab.view(block), slab.offset(block))
    this.#exchange(root, node, block)
    slab.setUint32(node, PACKED_BYTES_AT, 0)
  }

  /** The node is another by now: what is known of it is not true any more. */
  forget(node: Handle): void {
    if (this.#unpackedNode === node) this.#unpackedNode = NONE
  }

  #lengthOf(node: Handle): number {
    return this.#slab.uint32(node, LENGTH_AT)
  }

  #unpack(node: Handle, output: DataView, start: number): void {
    const slab = this.#slab
    const block = slab.uint32(node, DATA_AT)
    const packed = slab.uint32(node, PACKED_BYTES_AT)
    const length = this.#lengthOf(node)
    const from = slab.offset(block)
    const isSound = lzfDecompressInto(slab.view(block), from, packed, output, start, length)
    invariant(isSound, 'a packed node can be unpacked')
  }

  #exchange(root: Handle, node: Handle, block: Handle): void {
    const slab = this.#slab
    const old = slab.uint32(node, DATA_AT)
    slab.setUint32(node, DATA_AT, block)
    slab.setUint32(node, START_AT, 0)
    addToTotal(slab, root, slab.blockBytes(block) - slab.blockBytes(old))
    slab.free(old)
    this.forget(node)
  }
}

function withRoom(bytes: Uint8Array, length: number): Uint8Array {
  const isKept = bytes.length >= length && (bytes.length <= CAPACITY_KEPT || length > CAPACITY_KEPT)
  return isKept ? bytes : new Uint8Array(length)
}
