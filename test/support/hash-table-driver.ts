import { HandleList } from '../../src/engine/memory/handle-list.ts'
import { KeyedHash } from '../../src/engine/memory/keyed-hash.ts'
import { type Handle, NONE, Slab } from '../../src/engine/memory/slab.ts'
import { HashTable } from '../../src/engine/structures/hash-table.ts'
import { HashTableIterator } from '../../src/engine/structures/hash-table-iterator.ts'
import { seededRandom } from '../../src/shared/random.ts'

/** One hash table in the words of a test: text in, text out. */
export class HashTableDriver {
  readonly slab: Slab
  readonly table: HashTable
  root: Handle
  /** What `mayGrow` answers. */
  hasRoom = true
  readonly #found = new HandleList()

  constructor(options: { readonly valueBytes: number; readonly seed?: number }) {
    const random = seededRandom(options.seed ?? 1)
    this.slab = new Slab()
    this.table = new HashTable({
      slab: this.slab,
      hasher: new KeyedHash(random),
      random,
      valueBytes: options.valueBytes,
      mayGrow: () => this.hasRoom,
    })
    this.root = this.table.create()
  }

  get size(): number {
    return this.table.size(this.root)
  }

  find(key: string): Handle {
    const bytes = Buffer.from(key)
    const hash = this.table.hash(bytes, 0, bytes.length)
    return this.table.find(this.root, bytes, 0, bytes.length, hash)
  }

  set(key: string, value = ''): void {
    const bytes = Buffer.from(key)
    const hash = this.table.hash(bytes, 0, bytes.length)
    const length = Buffer.byteLength(value)
    const old = this.table.find(this.root, bytes, 0, bytes.length, hash)
    const entry =
      old === NONE
        ? this.table.insert(this.root, bytes, 0, bytes.length, hash, length)
        : this.table.replaceValue(this.root, old, length)
    this.table.bytesOf(entry).set(Buffer.from(value), this.table.valueStart(entry))
  }

  delete(key: string): boolean {
    const entry = this.find(key)
    if (entry === NONE) return false
    this.table.remove(this.root, entry)
    return true
  }

  key(entry: Handle): string {
    const start = this.table.keyStart(entry)
    return this.#text(entry, start, this.table.keyLength(entry))
  }

  value(entry: Handle): string {
    return this.#text(entry, this.table.valueStart(entry), this.table.valueLength(entry))
  }

  /** Sorted by key. */
  entries(root = this.root): [key: string, value: string][] {
    const iterator = new HashTableIterator(this.slab)
    const entries: [string, string][] = []
    iterator.start(root)
    for (let entry = iterator.next(); entry !== NONE; entry = iterator.next()) {
      entries.push([this.key(entry), this.value(entry)])
    }
    return entries.sort(([left], [right]) => (left < right ? -1 : 1))
  }

  /** One step of a scan: the keys found are added. */
  scan(cursor: number, keys: Set<string>): number {
    this.#found.clear()
    const next = this.table.scan(this.root, cursor, this.#found)
    for (let index = 0; index < this.#found.count; index += 1) {
      keys.add(this.key(this.#found.at(index)))
    }
    return next
  }

  #text(entry: Handle, start: number, length: number): string {
    return Buffer.from(this.table.bytesOf(entry).subarray(start, start + length)).toString()
  }
}
