import { type Handle, NONE, Slab } from '../../src/engine/memory/slab.ts'
import { ArgumentVector } from '../../src/engine/protocol/argument-vector.ts'
import { Streams } from '../../src/engine/structures/stream/stream.ts'
import type { NameBytes } from '../../src/engine/structures/stream/stream-groups.ts'
import { StreamId } from '../../src/engine/structures/stream/stream-id.ts'

/** One stream in the words of a test; the sequence number of all ids is 1. */
export class StreamDriver {
  readonly slab = new Slab()
  readonly streams = new Streams(this.slab)
  readonly root: Handle = this.streams.create()

  add(ms: number, argv: ArgumentVector): void {
    const fields = { argv, firstField: 0, fieldCount: argv.count / 2 }
    this.streams.append(this.root, StreamId.of(ms, 1), fields)
  }

  delete(ms: number): boolean {
    return this.streams.delete(this.root, StreamId.of(ms, 1))
  }

  trim(maxLength: number): number {
    const { trimming } = this.streams.scratch
    trimming.reset()
    trimming.by = 'length'
    trimming.maxLength = maxLength
    return this.streams.trim(this.root, trimming)
  }

  /** The entry is pending; group and consumer come into being for it. */
  deliver(group: string, consumer: string, ms: number): void {
    const { groups } = this.streams
    const id = StreamId.of(ms, 1)
    const found = groups.find(this.root, name(group))
    const target = found === NONE ? groups.create(this.root, name(group)) : found
    const known = groups.findConsumer(target, name(consumer))
    const owner =
      known === NONE ? groups.createConsumer(this.root, target, name(consumer), 0) : known
    const delivery = groups.delivery(target, id)
    if (delivery === NONE) groups.deliver(this.root, target, owner, id)
    else groups.reassign(this.root, delivery, owner, id)
  }

  acknowledge(group: string, ms: number): boolean {
    const { groups } = this.streams
    const id = StreamId.of(ms, 1)
    const target = groups.find(this.root, name(group))
    const delivery = target === NONE ? NONE : groups.delivery(target, id)
    if (delivery !== NONE) groups.release(this.root, target, delivery, id)
    return delivery !== NONE
  }
}

export function argumentsOf(parts: readonly string[]): ArgumentVector {
  const argv = new ArgumentVector()
  argv.load(parts)
  return argv
}

function name(text: string): NameBytes {
  const bytes = Buffer.from(text)
  return { bytes, start: 0, length: bytes.length }
}
