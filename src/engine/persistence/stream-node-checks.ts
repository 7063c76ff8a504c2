import { firstEntry, NO_ENTRY, nextEntry, readEntry } from '../structures/listpack.ts'
import { isValidListpack } from '../structures/listpack-integrity.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import { DELETED, SAME_FIELDS } from '../structures/stream/stream-entry.ts'
import { corrupt } from './rdb-encoding.ts'

/**
 * How many entries a node of a stream holds. Throws an RdbError for a listpack that could not be walked as
 * stream-entry.ts does: numbers that do not fit what is there.
 */
export function checkStreamNode(bytes: Uint8Array, start: number, length: number): number {
  if (!isValidListpack(bytes, start, length)) throw damaged()
  const walk = new NodeWalk(bytes, firstEntry(bytes, start))
  const entries = walk.count()
  const deleted = walk.count()
  const masterFields = walk.count()
  walk.skip(masterFields)
  if (walk.integer() !== 0) throw damaged()
  if (entries === 0) throw corrupt('Empty listpack inside stream')
  let living = 0
  let gone = 0
  while (!walk.isAtEnd) {
    const flags = walk.count()
    walk.integer()
    walk.integer()
    const hasOwnFields = (flags & SAME_FIELDS) === 0
    const fields = hasOwnFields ? walk.count() : masterFields
    walk.skip(hasOwnFields ? 2 * fields : fields)
    if (walk.integer() !== (hasOwnFields ? 4 + 2 * fields : 3 + fields)) throw damaged()
    if ((flags & DELETED) === 0) living += 1
    else gone += 1
  }
  if (living !== entries || gone !== deleted) throw damaged()
  return entries
}

class NodeWalk {
  readonly #bytes: Uint8Array
  readonly #entry = new PackedEntry()
  #at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#at === NO_ENTRY
  }

  integer(): number {
    if (this.#at === NO_ENTRY) throw damaged()
    readEntry(this.#bytes, this.#at, this.#entry)
    if (!this.#entry.isInteger) throw damaged()
    this.#at = nextEntry(this.#bytes, this.#at)
    return Number(this.#entry.integer)
  }

  /** An integer that is not negative. */
  count(): number {
    const value = this.integer()
    if (value < 0) throw damaged()
    return value
  }

  skip(elements: number): void {
    for (let left = elements; left > 0; left -= 1) {
      if (this.#at === NO_ENTRY) throw damaged()
      this.#at = nextEntry(this.#bytes, this.#at)
    }
  }
}

function damaged(): Error {
  return corrupt('Stream listpack integrity check failed.')
}
