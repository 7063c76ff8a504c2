import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findEntry,
  firstEntry,
  lastEntry,
  listpackCount,
  NO_ENTRY,
  nextEntry,
  previousEntry,
  readEntry,
  seekEntry,
} from '../../../src/engine/structures/listpack.ts'
import {
  appendListpack,
  appendValue,
  deleteEntries,
  encodedBytes,
  insertValue,
  insertValueAfter,
  prependListpack,
  prependValue,
  replaceWithValue,
} from '../../../src/engine/structures/listpack-edit.ts'
import { isValidListpack } from '../../../src/engine/structures/listpack-integrity.ts'
import { PackedEntry } from '../../../src/engine/structures/packed-entry.ts'
import { ArrayRegion } from '../../support/array-region.ts'

const value = fc.oneof(
  fc.integer({ min: -10, max: 300 }).map(String),
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.constantFrom('', '-', '-0', '00', '1.5', ' 1', '+1', '127', '128', '-4096', '-4097'),
  fc.string({ maxLength: 20 }),
  fc.constantFrom(62, 63, 64, 65, 125, 126, 4_095, 4_096, 16_380, 16_385).map((n) => 'x'.repeat(n)),
)
const step = fc.record({
  action: fc.constantFrom('append', 'prepend', 'before', 'after', 'replace', 'delete', 'merge'),
  index: fc.nat(),
  count: fc.integer({ min: 1, max: 3 }),
  value,
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

describe('a listpack', () => {
  it('holds what an array holds after the same edits, and is well-formed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const region = ArrayRegion.ofEmptyListpack()
        const model: string[] = []
        for (const each of steps) {
          apply(region, model, each)
          expect(isValidListpack(region.bytes, region.start, region.length)).toBe(true)
          expect(forward(region)).toEqual(model)
        }
        expect(backward(region)).toEqual(model.toReversed())
        expect(listpackCount(region.bytes, region.start)).toBe(model.length)
        checkSeek(region, model)
        checkFind(region, model)
      }),
      { numRuns: 300 },
    )
  })

  it('is never taken for well-formed without being walkable', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 8 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (values, changes) => {
          const region = ArrayRegion.ofEmptyListpack()
          for (const text of values) appendValue(region, ...bytesOf(text))
          const bytes = region.content
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte
          if (!isValidListpack(bytes, 0, bytes.length)) return
          const places = placesOf(bytes)
          expect(places.every((at) => at >= 6 && at < bytes.length - 1)).toBe(true)
          expect(placesBackwards(bytes)).toEqual(places.toReversed())
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

function apply(region: ArrayRegion, model: string[], { action, index, count, value }: Step): void {
  const bytes = bytesOf(value)
  if (action === 'append' || model.length === 0) {
    const before = region.length
    appendValue(region, ...bytes)
    expect(region.length - before).toBe(encodedBytes(...bytes))
    model.push(value)
    return
  }
  const place = index % model.length
  const at = seekEntry(region.bytes, region.start, place)
  if (action === 'prepend') {
    prependValue(region, ...bytes)
    model.unshift(value)
  } else if (action === 'merge') {
    const other = ArrayRegion.ofEmptyListpack()
    for (let times = 0; times < count; times += 1) appendValue(other, ...bytes)
    const added = Array.from({ length: count }, () => value)
    if (index % 2 === 0) appendListpack(region, other.bytes, other.start)
    else prependListpack(region, other.bytes, other.start)
    model.splice(index % 2 === 0 ? model.length : 0, 0, ...added)
  } else if (action === 'delete') {
    const next = deleteEntries(region, at, count)
    model.splice(place, count)
    expect(textAt(region.bytes, next)).toBe(model[place])
  } else {
    const placed = place + (action === 'after' ? 1 : 0)
    const write =
      action === 'before' ? insertValue : action === 'after' ? insertValueAfter : replaceWithValue
    const written = write(region, at, ...bytes)
    expect(textAt(region.bytes, written)).toBe(value)
    model.splice(placed, action === 'replace' ? 1 : 0, value)
  }
}

function checkSeek(region: ArrayRegion, model: readonly string[]): void {
  for (let index = -model.length - 1; index <= model.length; index += 1) {
    const at = seekEntry(region.bytes, region.start, index)
    expect(textAt(region.bytes, at)).toBe(model.at(index))
  }
}

function checkFind(region: ArrayRegion, model: readonly string[]): void {
  const { bytes, start } = region
  for (const skip of [0, 1]) {
    for (const wanted of [...model, 'not there', '12']) {
      const index = model.findIndex((text, at) => at % (skip + 1) === 0 && text === wanted)
      const expected = index < 0 ? NO_ENTRY : seekEntry(bytes, start, index)
      expect(findEntry(bytes, firstEntry(bytes, start), ...bytesOf(wanted), skip)).toBe(expected)
    }
  }
}

function forward({ bytes, start }: ArrayRegion): readonly (string | undefined)[] {
  const texts: (string | undefined)[] = []
  for (let at = firstEntry(bytes, start); at !== NO_ENTRY; at = nextEntry(bytes, at)) {
    texts.push(textAt(bytes, at))
  }
  return texts
}

function backward({ bytes, start }: ArrayRegion): readonly (string | undefined)[] {
  const texts: (string | undefined)[] = []
  for (let at = lastEntry(bytes, start); at !== NO_ENTRY; ) {
    texts.push(textAt(bytes, at))
    at = previousEntry(bytes, start, at)
  }
  return texts
}

function placesOf(bytes: Uint8Array): readonly number[] {
  const places: number[] = []
  for (let at = firstEntry(bytes, 0); at !== NO_ENTRY; at = nextEntry(bytes, at)) places.push(at)
  return places
}

function placesBackwards(bytes: Uint8Array): readonly number[] {
  const places: number[] = []
  for (let at = lastEntry(bytes, 0); at !== NO_ENTRY; at = previousEntry(bytes, 0, at)) {
    places.push(at)
  }
  return places
}

function textAt(bytes: Uint8Array, at: number): string | undefined {
  if (at === NO_ENTRY) return undefined
  const entry = new PackedEntry()
  readEntry(bytes, at, entry)
  entry.spell()
  return Buffer.from(entry.bytes.subarray(entry.start, entry.start + entry.length)).toString()
}

function bytesOf(text: string): readonly [Uint8Array, number, number] {
  const bytes = Buffer.from(`>${text}<`)
  return [bytes, 1, bytes.length - 2]
}
