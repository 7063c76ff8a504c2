import { type Handle, NONE } from '../memory/slab.ts'
import type { CommandEncoder } from '../protocol/command-encoder.ts'
import { StreamEntry } from '../structures/stream/stream-entry.ts'
import type { NameBytes } from '../structures/stream/stream-groups.ts'
import { ID_TEXT_BYTES_MAX, StreamId } from '../structures/stream/stream-id.ts'
import type { Structures } from '../structures/structures.ts'

const XADD = Buffer.from('XADD')
const XCLAIM = Buffer.from('XCLAIM')

/**
 * Words streams as commands that make them anew (aof.c, rewriteStreamObject). As with Redis, what these commands cannot
 * tell is lost: when a consumer was seen last, and what awaits an acknowledgement of an entry that was deleted.
 */
export class StreamCommands {
  readonly #encoder: CommandEncoder
  readonly #structures: Structures
  readonly #entry: StreamEntry
  readonly #id = new StreamId()
  readonly #text = Buffer.alloc(ID_TEXT_BYTES_MAX)

  constructor(encoder: CommandEncoder, structures: Structures) {
    this.#encoder = encoder
    this.#structures = structures
    this.#entry = new StreamEntry(structures.options.slab, structures.streams.nodes)
  }

  /** Stops between two commands. */
  *write(key: NameBytes, root: Handle): Generator<undefined> {
    const { groups } = this.#structures.streams
    if (this.#structures.streams.length(root) > 0) yield* this.#entries(key, root)
    else this.#emptied(key)
    this.#counters(key, root)
    yield
    for (let index = 0; index < groups.count(root); index += 1) {
      const group = groups.at(root, index)
      this.#group(key, group)
      yield
      for (let each = 0; each < groups.consumerCount(group); each += 1) {
        yield* this.#consumer(key, group, groups.consumerAtIndex(group, each))
      }
    }
  }

  *#entries(key: NameBytes, root: Handle): Generator<undefined> {
    const { nodes, roots } = this.#structures.streams
    const entry = this.#entry
    for (let node = roots.head(root); node !== NONE; node = nodes.next(node)) {
      entry.open(node)
      for (let isThere = entry.first(); isThere; isThere = entry.following()) {
        if (entry.isDeleted) continue
        this.#add(key, entry)
        yield
      }
    }
  }

  #add(key: NameBytes, entry: StreamEntry): void {
    const encoder = this.#encoder
    encoder.begin(3 + 2 * entry.fieldCount)
    encoder.bulk(XADD)
    this.#name(key)
    this.#writeId(entry.id)
    for (let left = entry.fieldCount; left > 0; left -= 1) {
      entry.nextField()
      entry.field.spell()
      this.#name(entry.field)
      entry.value.spell()
      this.#name(entry.value)
    }
  }

  /** A stream without entries: one that goes at once. */
  #emptied(key: NameBytes): void {
    const encoder = this.#encoder
    encoder.begin(7)
    encoder.bulk(XADD)
    this.#name(key)
    for (const word of ['MAXLEN', '0', '0-1', 'x', 'y']) encoder.text(word)
  }

  #counters(key: NameBytes, root: Handle): void {
    const encoder = this.#encoder
    const { streams } = this.#structures
    encoder.begin(7)
    encoder.text('XSETID')
    this.#name(key)
    streams.readLastId(root, this.#id)
    this.#writeId(this.#id)
    encoder.text('ENTRIESADDED')
    encoder.text(String(streams.entriesAdded(root)))
    encoder.text('MAXDELETEDID')
    streams.readMaxDeletedId(root, this.#id)
    this.#writeId(this.#id)
  }

  #group(key: NameBytes, group: Handle): void {
    const encoder = this.#encoder
    const { groups } = this.#structures.streams
    encoder.begin(7)
    encoder.text('XGROUP')
    encoder.text('CREATE')
    this.#name(key)
    this.#name(groups.groupName(group))
    groups.readLastId(group, this.#id)
    this.#writeId(this.#id)
    encoder.text('ENTRIESREAD')
    encoder.text(String(groups.entriesRead(group)))
  }

  /** What is pending makes its consumer; one without is made by itself. */
  *#consumer(key: NameBytes, group: Handle, consumer: Handle): Generator<undefined> {
    const { groups, trees } = this.#structures.streams
    const pending = groups.pendingOf(consumer)
    if (trees.size(pending) === 0) {
      this.#idle(key, group, consumer)
      yield
      return
    }
    const place = { leaf: NONE, index: 0 }
    let isThere = trees.seekFirst(pending, place)
    for (; isThere; isThere = trees.moveNext(place)) {
      trees.idAt(place, this.#id)
      this.#claim(key, group, consumer, trees.valueAt(place))
      yield
    }
  }

  #idle(key: NameBytes, group: Handle, consumer: Handle): void {
    const encoder = this.#encoder
    const { groups } = this.#structures.streams
    encoder.begin(5)
    encoder.text('XGROUP')
    encoder.text('CREATECONSUMER')
    this.#name(key)
    this.#name(groups.groupName(group))
    this.#name(groups.consumerName(consumer))
  }

  /** The entry of `#id`. */
  #claim(key: NameBytes, group: Handle, consumer: Handle, delivery: Handle): void {
    const encoder = this.#encoder
    const { groups } = this.#structures.streams
    encoder.begin(12)
    encoder.bulk(XCLAIM)
    this.#name(key)
    this.#name(groups.groupName(group))
    this.#name(groups.consumerName(consumer))
    encoder.text('0')
    this.#writeId(this.#id)
    encoder.text('TIME')
    encoder.text(String(groups.deliveredMs(delivery)))
    encoder.text('RETRYCOUNT')
    encoder.text(String(groups.deliveryCount(delivery)))
    encoder.text('JUSTID')
    encoder.text('FORCE')
  }

  #writeId(id: StreamId): void {
    this.#encoder.bulk(this.#text, 0, id.spell(this.#text))
  }

  #name({ bytes, start, length }: NameBytes): void {
    this.#encoder.bulk(bytes, start, length)
  }
}
