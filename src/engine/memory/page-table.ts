import { invariant } from '../../shared/assert.ts'

export const PAGES_PER_ARENA = 1_024

/** `kind` of a page that belongs to no span, and of one that is part of an unclassed run. */
export const FREE = 0xff
export const RUN = 0xfe

/**
 * Which pages are taken, by what. A span is a row of pages within one arena that is taken and given back
 * whole; facts about a span stand at its first page.
 *
 *   kind   its size class, RUN, or FREE
 *   head   for every page: the first page of its span
 *   length pages of the span
 */
export class PageTable {
  kind = new Uint8Array(0)
  head = new Uint32Array(0)
  length = new Uint16Array(0)
  /** Pages in spans. */
  taken = 0
  /** Single free pages to try first; one may since have been taken by a longer span. */
  #free: number[] = []
  /** Where the search for longer spans goes on. */
  #cursor = 0

  get size(): number {
    return this.kind.length
  }

  /** Room for one more arena's pages, all free. */
  addArena(): void {
    const first = this.size
    this.#grow(FREE)
    // Lowest page on top: memory is touched from its start.
    for (let page = this.size - 1; page >= first; page -= 1) this.#free.push(page)
  }

  /** Numbers for the pages of an arena that is used whole, and never through this table. */
  addReservedArena(): void {
    this.#grow(RUN)
  }

  /** The first page of a new span, or -1 when no arena has that many free pages in a row. */
  take(pages: number, kind: number): number {
    const first = pages === 1 ? this.#takeSingle() : this.#findRow(pages)
    if (first < 0) return -1
    this.kind.fill(kind, first, first + pages)
    this.head.fill(first, first, first + pages)
    this.length[first] = pages
    this.taken += pages
    return first
  }

  release(first: number): void {
    const pages = this.length[first] ?? 0
    invariant(pages > 0, `page ${first} starts no span`)
    this.kind.fill(FREE, first, first + pages)
    this.length[first] = 0
    this.taken -= pages
    for (let page = first + pages - 1; page >= first; page -= 1) this.#free.push(page)
    if (this.#free.length > 2 * this.size) this.#sweepFree()
  }

  #grow(kind: number): void {
    const first = this.size
    const size = first + PAGES_PER_ARENA
    this.kind = copyInto(new Uint8Array(size), this.kind).fill(kind, first)
    this.head = copyInto(new Uint32Array(size), this.head)
    this.length = copyInto(new Uint16Array(size), this.length)
  }

  #takeSingle(): number {
    for (;;) {
      const page = this.#free.pop()
      if (page === undefined) return -1
      if (this.kind[page] === FREE) return page
    }
  }

  /** Next fit, at most one round. A row never crosses an arena. */
  #findRow(pages: number): number {
    let row = 0
    const end = this.size + pages
    for (let seen = 0; seen < end; seen += 1) {
      const page = (this.#cursor + seen) % this.size
      if (page % PAGES_PER_ARENA === 0) row = 0
      row = this.kind[page] === FREE ? row + 1 : 0
      if (row < pages) continue
      const first = page - pages + 1
      this.#cursor = (page + 1) % this.size
      return first
    }
    return -1
  }

  /** Pages that were taken by a row and released again stand in the list twice. */
  #sweepFree(): void {
    this.#free = [...new Set(this.#free)].filter((page) => this.kind[page] === FREE)
  }
}

function copyInto<T extends Uint8Array | Uint16Array | Uint32Array>(larger: T, old: T): T {
  larger.set(old)
  return larger
}
