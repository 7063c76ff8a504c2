import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Handle, NONE, Slab } from '../../../src/engine/memory/slab.ts'
import { isValidListpack } from '../../../src/engine/structures/listpack-integrity.ts'
import { PackedEntry } from '../../../src/engine/structures/packed-entry.ts'
import { Quicklist } from '../../../src/engine/structures/quicklist.ts'
import { QuicklistCursor } from '../../../src/engine/structures/quicklist-cursor.ts'
import type { ListEnd } from '../../../src/engine/structures/quicklist-reader.ts'

const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }).map(String),
  fc.integer().map(String),
  fc.string({ maxLength: 12 }),
  fc.integer({ min: 30, max: 700 }).map((length) => 'x'.repeat(length)),
)
const end = fc.constantFrom<ListEnd>('head', 'tail')
const index = fc.nat()
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ action: fc.constant('push'), end, index, value }) },
  { weight: 4, arbitrary: fc.record({ action: fc.constant('insert'), end, index, value }) },
  {
    weight: 4,
    arbitrary: fc.record({
      action: fc.constantFrom('pop', 'replace', 'remove', 'range', 'threshold', 'copy'),
      end,
      index,
      value,
    }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

describe('a list', () => {
  it.each([
    ['of 1 element a node', 1, 0],
    ['of 3 elements a node', 3, 0],
    ['of many elements a node', 128, 0],
    ['of 4 KiB a node', -1, 0],
    ['of 8 KiB a node', -2, 0],
    ['of 1 element a node, all packed but the ends', 1, 1],
    ['of 3 elements a node, packed from the third on', 3, 2],
    ['of many elements a node, packed from the fourth on', 8, 3],
  ])('%s holds what an array holds after the same edits', (_name, fill, depth) => {
    const steps = fc.array(step, { minLength: 20, maxLength: 150 })
    fc.assert(
      fc.property(steps, (each) => run({ fill, depth }, each)),
      { numRuns: 60 },
    )
  })

  it('gives everything back, by and by or at once', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 100 }), fc.nat(20), (values, budget) => {
        const slab = new Slab()
        const list = new Quicklist(slab)
        const root = list.create(2)
        for (const text of values) list.push(root, 'tail', ...bytesOf(text))
        const copy = list.copy(root)
        while (!list.freeSome(root, budget + 1)) continue
        expect(textsOf(list, copy, 'tail')).toEqual(values)
        list.free(copy)
        expect(slab.usedBytes).toBe(0)
      }),
    )
  })
})

function run(
  { fill, depth }: { readonly fill: number; readonly depth: number },
  steps: readonly Step[],
): void {
  const slab = new Slab()
  const list = new Quicklist(slab)
  list.compressDepth = depth
  let root = list.create(fill)
  const model: string[] = []
  for (const each of steps) {
    if (each.action === 'copy') {
      const copy = list.copy(root)
      list.free(root)
      root = copy
    } else {
      apply(list, root, model, each)
    }
    check(slab, list, root)
    expect(textsOf(list, root, 'tail')).toEqual(model)
  }
  expect(textsOf(list, root, 'head')).toEqual(model.toReversed())
  for (let at = -model.length - 1; at <= model.length; at += 1) {
    expect(textAt(list, root, at)).toBe(model.at(at))
  }
}

function apply(list: Quicklist, root: Handle, model: string[], step: Step): void {
  const bytes = bytesOf(step.value)
  const isTail = step.end === 'tail'
  if (step.action === 'threshold') {
    list.plainBytesMin = step.index % 2 === 0 ? 100 : 1_000_000
  } else if (step.action === 'push' || model.length === 0) {
    list.push(root, step.end, ...bytes)
    model.splice(isTail ? model.length : 0, 0, step.value)
  } else if (step.action === 'pop') {
    const entry = new PackedEntry()
    list.reader.readEnd(root, step.end, entry)
    expect(textOf(entry)).toBe(model.at(isTail ? -1 : 0))
    list.deleteEnd(root, step.end)
    model.splice(isTail ? -1 : 0, 1)
  } else if (step.action === 'range') {
    const start = step.index % (model.length + 1)
    const count = step.index % 17
    list.deleteRange(root, start, count)
    model.splice(start, count)
  } else if (step.action === 'remove') {
    remove(list, root, model, step)
  } else {
    const place = step.index % model.length
    const cursor = new QuicklistCursor()
    expect(list.reader.seek(root, place, cursor)).toBe(true)
    if (step.action === 'insert') {
      list.insert(root, cursor, isTail, ...bytes)
      model.splice(isTail ? place + 1 : place, 0, step.value)
    } else {
      list.replace(root, cursor, ...bytes)
      model[place] = step.value
    }
  }
}

/** Every element that equals the one at a place, as LREM does it. */
function remove(list: Quicklist, root: Handle, model: string[], { index, end }: Step): void {
  const wanted = model[index % model.length] ?? ''
  const bytes = bytesOf(wanted)
  const cursor = new QuicklistCursor()
  let isThere = list.reader.seekEnd(root, end === 'tail' ? 'head' : 'tail', cursor)
  while (isThere) {
    isThere = list.reader.equals(cursor, ...bytes)
      ? list.deleteAt(root, cursor, end)
      : list.reader.move(cursor, end)
  }
  list.nodes.settle(root)
  const left = model.filter((text) => text !== wanted)
  model.splice(0, model.length, ...left)
}

/** Sound nodes, none of them empty, none packed near an end, and sums that are the sums of what is there. */
function check(slab: Slab, list: Quicklist, root: Handle): void {
  const { nodes } = list
  const depth = nodes.depth(root)
  let size = 0
  let nodeCount = 0
  for (let node = nodes.head(root); node !== NONE; node = nodes.next(node)) {
    const fromEnd = Math.min(nodeCount, nodes.nodeCount(root) - 1 - nodeCount)
    if (fromEnd < depth || depth === 0) expect(nodes.packedLength(node)).toBe(0)
    nodeCount += 1
    size += nodes.count(node)
    expect(nodes.count(node)).toBeGreaterThan(0)
    if (nodes.isPlain(node)) continue
    expect(isValidListpack(nodes.bytes(node), nodes.start(node), nodes.length(node))).toBe(true)
  }
  expect([list.size(root), nodes.nodeCount(root)]).toEqual([size, nodeCount])
  expect(list.bytes(root)).toBe(slab.usedBytes)
}

function textsOf(list: Quicklist, root: Handle, towards: ListEnd): readonly string[] {
  const cursor = new QuicklistCursor()
  const entry = new PackedEntry()
  const texts: string[] = []
  let isThere = list.reader.seekEnd(root, towards === 'tail' ? 'head' : 'tail', cursor)
  while (isThere) {
    list.reader.read(cursor, entry)
    texts.push(textOf(entry))
    isThere = list.reader.move(cursor, towards)
  }
  return texts
}

function textAt(list: Quicklist, root: Handle, at: number): string | undefined {
  const cursor = new QuicklistCursor()
  if (!list.reader.seek(root, at, cursor)) return undefined
  const entry = new PackedEntry()
  list.reader.read(cursor, entry)
  return textOf(entry)
}

function textOf(entry: PackedEntry): string {
  entry.spell()
  return Buffer.from(entry.bytes.subarray(entry.start, entry.start + entry.length)).toString()
}

function bytesOf(text: string): readonly [Uint8Array, number, number] {
  const bytes = Buffer.from(`>${text}<`)
  return [bytes, 1, bytes.length - 2]
}
