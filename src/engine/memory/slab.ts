import { invariant, nth } from '../../shared/assert.ts'
import { PAGES_PER_ARENA, PageTable, RUN } from './page-table.ts'
import {
  BLOCK_BYTES_MAX,
  CLASS_COUNT,
  sizeClassOf,
  spanPagesOfClass,
  UNIT_BYTES,
  unitsOfClass,
} from './size-classes.ts'

/** A block of the slab: its place in units of 16 bytes. 0 is no block. */
export type Handle = number

export const NONE: Handle = 0

const ARENA_SHIFT = 22
const ARENA_UNITS = 1 << ARENA_SHIFT
const ARENA_MASK = ARENA_UNITS - 1
const ARENA_BYTES = ARENA_UNITS * UNIT_BYTES
/** 32-bit handles reach this far: 64 GiB. */
const ARENAS_MAX = 1_024
const PAGE_UNIT_SHIFT = 12
const PAGE_UNITS = 1 << PAGE_UNIT_SHIFT
export const PAGE_BYTES = PAGE_UNITS * UNIT_BYTES

/** The process may not take more memory: the command is refused, nothing has changed. */
export class SlabExhaustedError extends Error {
  override readonly name = 'SlabExhaustedError'
}

/**
 * Memory for keys and values outside V8's heap, so that its size costs the garbage collector nothing.
 *
 *   arena   64 MiB, one ArrayBuffer
 *   page    64 KiB; spans of pages hold blocks of one size class, and go back when the last one is freed
 *   block   what `allocate` hands out; a free block keeps the next free one of its span in its first word
 *
 * A block above 256 KiB is a span of its own, one above an arena an ArrayBuffer of its own.
 * Blocks are not cleared: the caller writes what it reads.
 */
export class Slab {
  /** Bytes in blocks handed out, rounded up to their class: what accounting is built on. */
  usedBytes = 0
  readonly #bytes: Uint8Array[] = []
  readonly #views: DataView[] = []
  #pages = new PageTable()
  /** Arenas that are one huge block, by index: their size. */
  readonly #huge = new Map<number, number>()
  readonly #freeArenas: number[] = []
  /** By first page of a span: its first free block, blocks in use, units never used yet from here on. */
  #freeBlock = new Uint32Array(0)
  #blocksUsed = new Uint16Array(0)
  #untouched = new Uint32Array(0)
  /** By size class: spans with room, as a doubly linked list. */
  readonly #roomy = new Int32Array(CLASS_COUNT).fill(-1)
  #nextRoomy = new Int32Array(0)
  #previousRoomy = new Int32Array(0)

  /** Bytes of pages in spans and of huge blocks: what the process holds for the blocks. */
  get heldBytes(): number {
    let bytes = this.#pages.taken * PAGE_BYTES
    for (const size of this.#huge.values()) bytes += size
    return bytes
  }

  allocate(bytes: number): Handle {
    if (bytes > BLOCK_BYTES_MAX) return this.#allocateLarge(bytes)
    const sizeClass = sizeClassOf(bytes)
    let span = this.#roomy[sizeClass] ?? -1
    if (span < 0) span = this.#openSpan(sizeClass)
    return this.#takeBlock(span, sizeClass)
  }

  /** The same for what can be done without: NONE when there is no memory. */
  tryToAllocate(bytes: number): Handle {
    try {
      return this.allocate(bytes)
    } catch (error) {
      if (error instanceof SlabExhaustedError) return NONE
      throw error
    }
  }

  free(handle: Handle): void {
    const sizeClass = this.#classOf(handle)
    if (sizeClass === RUN) return this.#freeLarge(handle)
    this.usedBytes -= unitsOfClass(sizeClass) * UNIT_BYTES
    this.#giveBlock(this.#spanOf(handle), sizeClass, handle)
  }

  /** Takes every block back at once; no handle is valid any more. The first arena stays, to be used again. */
  clear(): void {
    this.usedBytes = 0
    this.#pages = new PageTable()
    this.#huge.clear()
    this.#freeArenas.length = 0
    this.#roomy.fill(-1)
    this.#bytes.length = Math.min(1, this.#bytes.length)
    this.#views.length = this.#bytes.length
    if (this.#bytes.length > 0) this.#pages.addArena()
    this.#freeBlock = new Uint32Array(this.#pages.size)
    this.#blocksUsed = new Uint16Array(this.#pages.size)
    this.#untouched = new Uint32Array(this.#pages.size)
    this.#nextRoomy = new Int32Array(this.#pages.size)
    this.#previousRoomy = new Int32Array(this.#pages.size)
  }

  /** The whole size of the block, at least what was asked for. */
  blockBytes(handle: Handle): number {
    const sizeClass = this.#classOf(handle)
    if (sizeClass !== RUN) return unitsOfClass(sizeClass) * UNIT_BYTES
    const huge = this.#huge.get(handle >>> ARENA_SHIFT)
    return huge ?? (this.#pages.length[this.#spanOf(handle)] ?? 0) * PAGE_BYTES
  }

  /** The arena the block lies in; the block starts at `offset`. Not to be kept. */
  bytes(handle: Handle): Uint8Array {
    return nth(this.#bytes, handle >>> ARENA_SHIFT)
  }

  view(handle: Handle): DataView {
    return nth(this.#views, handle >>> ARENA_SHIFT)
  }

  offset(handle: Handle): number {
    return (handle & ARENA_MASK) << 4
  }

  uint32(handle: Handle, byteOffset: number): number {
    return this.view(handle).getUint32(((handle & ARENA_MASK) << 4) + byteOffset, true)
  }

  setUint32(handle: Handle, byteOffset: number, value: number): void {
    this.view(handle).setUint32(((handle & ARENA_MASK) << 4) + byteOffset, value, true)
  }

  /**
   * Each of the first `count` handles gives way to the first word of its block: the next of a chain. NONE stays, for the
   * first unit is never handed out and never written. There is no branch in it, so that what is not in the processor's
   * caches is fetched for many at a time.
   */
  follow(handles: Uint32Array, count: number): void {
    const views = this.#views
    for (let index = 0; index < count; index += 1) {
      const handle = handles[index] ?? NONE
      handles[index] = nth(views, handle >>> ARENA_SHIFT).getUint32(
        (handle & ARENA_MASK) << 4,
        true,
      )
    }
  }

  /** RUN for a block that is a span or an arena of its own. */
  #classOf(handle: Handle): number {
    return this.#pages.kind[handle >>> PAGE_UNIT_SHIFT] ?? RUN
  }

  #spanOf(handle: Handle): number {
    return this.#pages.head[handle >>> PAGE_UNIT_SHIFT] ?? 0
  }

  #openSpan(sizeClass: number): number {
    const span = this.#takePages(spanPagesOfClass(sizeClass), sizeClass)
    this.#freeBlock[span] = NONE
    this.#blocksUsed[span] = 0
    // Handle 0 means "no block": the very first unit is never handed out.
    this.#untouched[span] = span === 0 ? unitsOfClass(sizeClass) : 0
    this.#link(span, sizeClass)
    return span
  }

  #takeBlock(span: number, sizeClass: number): Handle {
    const units = unitsOfClass(sizeClass)
    let handle = this.#freeBlock[span] ?? NONE
    if (handle !== NONE) {
      this.#freeBlock[span] = this.uint32(handle, 0)
    } else {
      const untouched = this.#untouched[span] ?? 0
      handle = span * PAGE_UNITS + untouched
      this.#untouched[span] = untouched + units
    }
    this.#blocksUsed[span] = (this.#blocksUsed[span] ?? 0) + 1
    this.usedBytes += units * UNIT_BYTES
    if (!this.#hasRoom(span, units)) this.#unlink(span, sizeClass)
    return handle
  }

  #giveBlock(span: number, sizeClass: number, handle: Handle): void {
    const wasFull = !this.#hasRoom(span, unitsOfClass(sizeClass))
    const used = (this.#blocksUsed[span] ?? 0) - 1
    this.#blocksUsed[span] = used
    this.setUint32(handle, 0, this.#freeBlock[span] ?? NONE)
    this.#freeBlock[span] = handle
    if (wasFull) this.#link(span, sizeClass)
    if (used > 0) return
    this.#unlink(span, sizeClass)
    this.#pages.release(span)
  }

  #hasRoom(span: number, units: number): boolean {
    if ((this.#freeBlock[span] ?? NONE) !== NONE) return true
    return (this.#untouched[span] ?? 0) + units <= (this.#pages.length[span] ?? 0) * PAGE_UNITS
  }

  #link(span: number, sizeClass: number): void {
    const next = this.#roomy[sizeClass] ?? -1
    this.#nextRoomy[span] = next
    this.#previousRoomy[span] = -1
    if (next >= 0) this.#previousRoomy[next] = span
    this.#roomy[sizeClass] = span
  }

  #unlink(span: number, sizeClass: number): void {
    const next = this.#nextRoomy[span] ?? -1
    const previous = this.#previousRoomy[span] ?? -1
    if (next >= 0) this.#previousRoomy[next] = previous
    if (previous >= 0) this.#nextRoomy[previous] = next
    else this.#roomy[sizeClass] = next
  }

  #allocateLarge(bytes: number): Handle {
    if (bytes > ARENA_BYTES) return this.#allocateHuge(bytes)
    const pages = Math.ceil(bytes / PAGE_BYTES)
    const span = this.#takePages(pages, RUN)
    this.usedBytes += pages * PAGE_BYTES
    return span * PAGE_UNITS
  }

  #takePages(pages: number, kind: number): number {
    let span = this.#pages.take(pages, kind)
    while (span < 0) {
      this.#addArena(ARENA_BYTES)
      span = this.#pages.take(pages, kind)
    }
    // Page 0 starts with the unit that is never handed out: a run would start right there.
    if (span !== 0 || kind !== RUN) return span
    const other = this.#takePages(pages, kind)
    this.#pages.release(0)
    return other
  }

  #allocateHuge(bytes: number): Handle {
    const arena = this.#addHugeArena(bytes)
    this.#huge.set(arena, bytes)
    this.usedBytes += bytes
    return arena * ARENA_UNITS
  }

  #freeLarge(handle: Handle): void {
    const arena = handle >>> ARENA_SHIFT
    if (this.#huge.has(arena)) return this.#freeHuge(arena)
    const span = this.#spanOf(handle)
    this.usedBytes -= (this.#pages.length[span] ?? 0) * PAGE_BYTES
    this.#pages.release(span)
  }

  #freeHuge(arena: number): void {
    this.usedBytes -= this.#huge.get(arena) ?? 0
    this.#huge.delete(arena)
    this.#setArena(arena, new ArrayBuffer(0))
    this.#freeArenas.push(arena)
  }

  #addArena(bytes: number): void {
    const arena = this.#bytes.length
    this.#setArena(arena, newArrayBuffer(arena, bytes))
    this.#pages.addArena()
    this.#growSpans()
  }

  /** An arena that is one block. Its pages are marked taken, and counted by #huge instead. */
  #addHugeArena(bytes: number): number {
    if (this.#bytes.length === 0) this.#addArena(ARENA_BYTES)
    const reused = this.#freeArenas.at(-1)
    const arena = reused ?? this.#bytes.length
    this.#setArena(arena, newArrayBuffer(arena, bytes))
    if (reused !== undefined) {
      this.#freeArenas.pop()
      return arena
    }
    this.#pages.addReservedArena()
    this.#growSpans()
    return arena
  }

  #setArena(arena: number, buffer: ArrayBuffer): void {
    this.#bytes[arena] = new Uint8Array(buffer)
    this.#views[arena] = new DataView(buffer)
  }

  #growSpans(): void {
    const size = this.#bytes.length * PAGES_PER_ARENA
    this.#freeBlock = copyInto(new Uint32Array(size), this.#freeBlock)
    this.#blocksUsed = copyInto(new Uint16Array(size), this.#blocksUsed)
    this.#untouched = copyInto(new Uint32Array(size), this.#untouched)
    this.#nextRoomy = copyInto(new Int32Array(size), this.#nextRoomy)
    this.#previousRoomy = copyInto(new Int32Array(size), this.#previousRoomy)
    invariant(this.#pages.size === size, 'every arena has its pages')
  }
}

function copyInto<T extends Uint16Array | Uint32Array | Int32Array>(larger: T, old: T): T {
  larger.set(old)
  return larger
}

function newArrayBuffer(arena: number, bytes: number): ArrayBuffer {
  if (arena >= ARENAS_MAX) throw new SlabExhaustedError(`all ${ARENAS_MAX} arenas are in use`)
  try {
    return new ArrayBuffer(bytes)
  } catch (cause) {
    throw new SlabExhaustedError(`cannot allocate ${bytes} bytes`, { cause })
  }
}
