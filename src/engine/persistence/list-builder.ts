import { LooseValue } from '../keyspace/value-home.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { listpackCount } from '../structures/listpack.ts'
import {
  appendValue,
  EMPTY_LISTPACK_BYTES,
  writeEmptyListpack,
} from '../structures/listpack-edit.ts'
import { isValidListpack } from '../structures/listpack-integrity.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import { CONTAINER_PACKED, CONTAINER_PLAIN, corrupt } from './rdb-encoding.ts'
import type { RdbInput } from './rdb-input.ts'
import { readZiplist } from './ziplist.ts'

/** Lists that belong to no key yet. Each function gives the root, or NONE for a list without elements. */
export class ListBuilder {
  readonly #lists: Quicklist
  readonly #fill: () => number
  readonly #entry = new PackedEntry()
  readonly #node = new LooseValue()

  constructor(lists: Quicklist, fill: () => number) {
    this.#lists = lists
    this.#fill = fill
  }

  /** Element by element: RDB before version 7. */
  readElements(input: RdbInput): Handle {
    return this.#build((root) => {
      const count = input.length()
      for (let index = 0; index < count; index += 1) {
        input.string()
        this.#lists.push(root, 'tail', input.bytes, input.start, input.size)
      }
    })
  }

  /** Node by node, each as it was kept. */
  readNodes(input: RdbInput, areListpacks: boolean): Handle {
    return this.#build((root) => {
      const count = input.length()
      for (let index = 0; index < count; index += 1) {
        const container = areListpacks ? input.length() : CONTAINER_PACKED
        if (container !== CONTAINER_PACKED && container !== CONTAINER_PLAIN) {
          throw corrupt('Quicklist integrity check failed.')
        }
        input.string()
        if (input.size === 0) throw corrupt('a node of a list is empty')
        if (container === CONTAINER_PLAIN) this.#append(root, true, 1, input)
        else if (areListpacks) this.#appendListpack(root, input)
        else this.#appendZiplist(root, input)
      }
    })
  }

  /** The whole list in one: it is cut into nodes as if its elements were pushed. */
  readZiplist(input: RdbInput): Handle {
    return this.#build((root) => {
      const entry = this.#entry
      input.string()
      readZiplist(input.copy(), entry, () => {
        entry.spell()
        this.#lists.push(root, 'tail', entry.bytes, entry.start, entry.length)
      })
    })
  }

  #build(fill: (root: Handle) => void): Handle {
    const root = this.#lists.create(this.#fill())
    try {
      fill(root)
    } catch (error) {
      this.#lists.free(root)
      throw error
    }
    if (this.#lists.size(root) > 0) return root
    this.#lists.free(root)
    return NONE
  }

  #appendListpack(root: Handle, input: RdbInput): void {
    if (!isValidListpack(input.bytes, input.start, input.size)) {
      throw corrupt('Listpack integrity check failed.')
    }
    const count = listpackCount(input.bytes, input.start)
    if (count > 0) this.#append(root, false, count, input)
  }

  #appendZiplist(root: Handle, input: RdbInput): void {
    const node = this.#node
    const entry = this.#entry
    node.open(EMPTY_LISTPACK_BYTES)
    writeEmptyListpack(node.bytes, 0)
    let count = 0
    readZiplist(input.copy(), entry, () => {
      entry.spell()
      appendValue(node, entry.bytes, entry.start, entry.length)
      count += 1
    })
    const { bytes, start, length } = node
    if (count > 0) this.#append(root, false, count, { bytes, start, size: length })
  }

  #append(
    root: Handle,
    isPlain: boolean,
    count: number,
    { bytes, start, size }: Pick<RdbInput, 'bytes' | 'start' | 'size'>,
  ): void {
    this.#lists.appendNode(root, isPlain, count, bytes, start, size)
  }
}
