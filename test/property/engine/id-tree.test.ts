import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Slab } from '../../../src/engine/memory/slab.ts'
import { IdTree } from '../../../src/engine/structures/stream/id-tree.ts'
import { radixNodesOf } from '../../../src/engine/structures/stream/radix-nodes.ts'
import { StreamId } from '../../../src/engine/structures/stream/stream-id.ts'

/** Close together, so that they meet, and far apart. */
const part = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 70_000 }),
  fc.maxSafeNat(),
)
const id = fc.tuple(part, part)
const text = ([ms, seq]: readonly [number, number]): string => `${ms}-${seq}`

function byId(left: readonly [number, number], right: readonly [number, number]): number {
  return left[0] - right[0] || left[1] - right[1]
}

describe('an id tree', () => {
  it('does what a sorted list does', () => {
    const change = fc.record({ isAdded: fc.boolean(), id, value: fc.integer({ min: 1, max: 99 }) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), fc.array(id), (changes, asked) => {
        const slab = new Slab()
        const tree = new IdTree(slab)
        const root = tree.create()
        const model = new Map<string, { readonly id: [number, number]; readonly value: number }>()
        for (const { isAdded, id: key, value } of changes) {
          if (isAdded) {
            tree.set(root, StreamId.of(...key), value)
            model.set(text(key), { id: key, value })
          } else {
            expect(tree.delete(root, StreamId.of(...key))).toBe(model.delete(text(key)))
          }
        }
        const sorted = [...model.values()].sort((left, right) => byId(left.id, right.id))
        expect(tree.size(root)).toBe(sorted.length)
        expect(walk(tree, root, 'forward')).toEqual(sorted.map((item) => text(item.id)))
        expect(walk(tree, root, 'backward')).toEqual(sorted.map((item) => text(item.id)).reverse())
        for (const key of asked) {
          const at = StreamId.of(...key)
          const before = sorted.filter((item) => byId(item.id, key) <= 0).at(-1)
          const after = sorted.find((item) => byId(item.id, key) >= 0)
          expect(tree.get(root, at)).toBe(model.get(text(key))?.value ?? 0)
          expect(found(tree, (place) => tree.seekFloor(root, at, place))).toBe(
            before && text(before.id),
          )
          expect(found(tree, (place) => tree.seekCeiling(root, at, place))).toBe(
            after && text(after.id),
          )
        }
        const freed: number[] = []
        tree.free(root, (value) => freed.push(value))
        expect(freed).toHaveLength(sorted.length)
        expect(new Set(freed)).toEqual(new Set(sorted.map(({ value }) => value)))
        expect(slab.usedBytes).toBe(0)
      }),
      { numRuns: 150 },
    )
  })

  it.each([
    ['upwards', (index: number) => index],
    ['downwards', (index: number) => 5_000 - index],
    ['scattered', (index: number) => (index * 2_741) % 5_003],
  ])('holds many that come %s and go in any order', (_name, ms) => {
    const slab = new Slab()
    const tree = new IdTree(slab)
    const root = tree.create()
    for (let index = 0; index < 5_000; index += 1) {
      tree.set(root, StreamId.of(ms(index), 0), index + 1)
    }
    const fullBytes = slab.usedBytes
    for (let index = 0; index < 5_000; index += 1) {
      expect(tree.get(root, StreamId.of(ms(index), 0))).toBe(index + 1)
    }
    for (let index = 0; index < 5_000; index += 1) {
      const gone = (index * 1_999) % 5_000
      expect(tree.delete(root, StreamId.of(ms(gone), 0))).toBe(true)
      // What is left takes less and less: no nodes with next to nothing in them.
      if (index === 4_500) expect(slab.usedBytes).toBeLessThan(fullBytes / 3)
    }
    expect(tree.size(root)).toBe(0)
    tree.free(root)
    expect(slab.usedBytes).toBe(0)
  })

  it('tells how many nodes a radix tree would have', () => {
    fc.assert(
      fc.property(fc.uniqueArray(id, { selector: text, maxLength: 40 }), (ids) => {
        const tree = new IdTree(new Slab())
        const root = tree.create()
        let nodes = 1
        for (const key of ids) {
          nodes += radixNodesOf(tree, root, StreamId.of(...key))
          tree.set(root, StreamId.of(...key), 1)
        }
        expect(nodes).toBe(radixNodes(ids.map(hexBytes)))
      }),
      { numRuns: 200 },
    )
  })
})

/** 16 bytes, two characters each. */
function hexBytes([ms, seq]: readonly [number, number]): string[] {
  const hex = [ms, seq].map((word) => BigInt(word).toString(16).padStart(16, '0')).join('')
  return hex.match(/../g) ?? []
}

/** Nodes of a radix tree, counted by building it: a run of single ways, a branch, an end. */
function radixNodes(keys: readonly (readonly string[])[]): number {
  const [first] = keys
  if (first === undefined) return 1
  let run = 0
  while (run < first.length && keys.every((key) => key[run] === first[run])) run += 1
  const own = run > 0 ? 1 : 0
  if (run === first.length) return own + 1
  const ways = new Map<string, (readonly string[])[]>()
  for (const key of keys) {
    const way = key[run] ?? ''
    ways.set(way, [...(ways.get(way) ?? []), key.slice(run + 1)])
  }
  let nodes = own + 1
  for (const rest of ways.values()) nodes += radixNodes(rest)
  return nodes
}

function walk(tree: IdTree, root: number, direction: 'forward' | 'backward'): string[] {
  const place = { leaf: 0, index: 0 }
  const ids: string[] = []
  const at = new StreamId()
  const isForward = direction === 'forward'
  let isThere = isForward ? tree.seekFirst(root, place) : tree.seekLast(root, place)
  while (isThere) {
    tree.idAt(place, at)
    ids.push(at.toString())
    isThere = isForward ? tree.moveNext(place) : tree.movePrevious(place)
  }
  return ids
}

function found(
  tree: IdTree,
  seek: (place: { leaf: number; index: number }) => boolean,
): string | undefined {
  const place = { leaf: 0, index: 0 }
  const at = new StreamId()
  if (!seek(place)) return undefined
  tree.idAt(place, at)
  return at.toString()
}
