import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Handle, Slab } from '../../../src/engine/memory/slab.ts'
import { ScoreCursor } from '../../../src/engine/structures/score-cursor.ts'
import { ScoreTree } from '../../../src/engine/structures/score-tree.ts'
import { nth } from '../../../src/shared/assert.ts'

interface Pair {
  readonly score: number
  readonly member: Handle
  readonly text: string
}

const inOrder = (left: Pair, right: Pair) =>
  left.score - right.score || Buffer.compare(Buffer.from(left.text), Buffer.from(right.text))

/** A tree beside a sorted array that does the same. */
class TreeBesideArray {
  readonly slab = new Slab()
  readonly tree = new ScoreTree({ slab: this.slab, layout: { lengthAt: 0, bytesAt: 4 } })
  readonly root = this.tree.create()
  readonly pairs: Pair[] = []
  #memberBytes = 0

  member(text: string): Handle {
    const bytes = Buffer.from(text)
    const member = this.slab.allocate(4 + bytes.length)
    this.slab.setUint32(member, 0, bytes.length)
    this.slab.bytes(member).set(bytes, this.slab.offset(member) + 4)
    this.#memberBytes += this.slab.blockBytes(member)
    return member
  }

  insert(score: number, text: string): void {
    const pair = { score, member: this.member(text), text }
    this.tree.insert(this.root, score, pair.member)
    this.#add(pair)
  }

  remove(index: number): void {
    const [pair] = this.pairs.splice(index, 1)
    if (pair !== undefined) this.tree.remove(this.root, pair.score, pair.member)
  }

  update(index: number, score: number): void {
    if (this.pairs[index]?.score === score) return
    const [pair] = this.pairs.splice(index, 1)
    if (pair === undefined) return
    this.tree.updateScore(this.root, pair.score, pair.member, score)
    this.#add({ ...pair, score })
  }

  removeRange(rank: number, count: number): void {
    const removed: Handle[] = []
    while (removed.length < count) {
      const run = this.tree.removeRun(this.root, rank, count - removed.length)
      removed.push(...this.tree.removed.subarray(0, run))
    }
    expect(removed).toEqual(this.pairs.splice(rank, count).map((pair) => pair.member))
  }

  #add(pair: Pair): void {
    let at = this.pairs.findIndex((other) => inOrder(other, pair) > 0)
    if (at < 0) at = this.pairs.length
    this.pairs.splice(at, 0, pair)
  }

  check(): void {
    const { tree, root, pairs } = this
    expect(tree.size(root)).toBe(pairs.length)
    expect(this.slab.usedBytes - this.#memberBytes).toBe(tree.bytes(root))
    if (pairs.length === 0) return
    const cursor = new ScoreCursor()
    tree.seek(root, 0, cursor)
    const forward = walk(cursor, () => cursor.next())
    tree.seek(root, pairs.length - 1, cursor)
    const backward = walk(cursor, () => cursor.previous())
    const expected = pairs.map((pair) => [pair.score, pair.member])
    expect(forward).toEqual(expected)
    expect(backward.reverse()).toEqual(expected)
    for (let rank = 0; rank < pairs.length; rank += 1 + (pairs.length >> 5)) this.#checkRank(rank)
  }

  #checkRank(rank: number): void {
    const { tree, root, pairs } = this
    const { score, member } = nth(pairs, rank)
    expect(tree.rank(root, score, member)).toBe(rank)
    const cursor = new ScoreCursor()
    tree.seek(root, rank, cursor)
    expect([cursor.score, cursor.member]).toEqual([score, member])
    const below = pairs.filter((pair) => pair.score < score).length
    const atMost = pairs.filter((pair) => pair.score <= score).length
    expect(tree.countBelow(root, score, false)).toBe(below)
    expect(tree.countBelow(root, score, true)).toBe(atMost)
  }
}

function walk(cursor: ScoreCursor, step: () => boolean): (readonly [number, Handle])[] {
  const seen: (readonly [number, Handle])[] = []
  do seen.push([cursor.score, cursor.member])
  while (step())
  return seen
}

const score = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true }),
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0),
)
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('insert' as const), score }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), at: fc.nat() }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('update' as const), at: fc.nat(), score }),
    },
  ),
  { minLength: 1, maxLength: 900, size: 'max' },
)

describe('ScoreTree', () => {
  it('keeps any pairs in order and counts them, whatever comes and goes', () => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.nat(), (list, first, count) => {
        const both = new TreeBesideArray()
        for (const [index, step] of list.entries()) {
          const { length } = both.pairs
          if (step.kind === 'insert') both.insert(step.score, `${index * 7919}`)
          else if (length > 0 && step.kind === 'remove') both.remove(step.at % length)
          else if (length > 0 && step.kind === 'update') both.update(step.at % length, step.score)
        }
        both.check()
        const { length } = both.pairs
        if (length > 0) both.removeRange(first % length, 1 + (count % (length - (first % length))))
        both.check()
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })

  it('counts members before any bytes where scores are equal', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 400, size: 'max' }),
        fc.string({ maxLength: 3 }),
        (texts, bound) => {
          const both = new TreeBesideArray()
          for (const text of texts) both.insert(1, text)
          const bytes = Buffer.from(bound)
          const order = texts.map((text) => Buffer.compare(Buffer.from(text), bytes))
          const { tree, root } = both
          expect(tree.countBeforeBytes(root, bytes, 0, bytes.length, false)).toBe(
            order.filter((value) => value < 0).length,
          )
          expect(tree.countBeforeBytes(root, bytes, 0, bytes.length, true)).toBe(
            order.filter((value) => value <= 0).length,
          )
        },
      ),
      { numRuns: 60, endOnFailure: true },
    )
  })
})

describe('ScoreTree of many members', () => {
  const count = 30_000
  let both: TreeBesideArray

  beforeEach(() => {
    both = new TreeBesideArray()
  })

  const at = (index: number): Pair => {
    const text = `member:${index}`
    return { score: index, member: both.member(text), text }
  }

  it.each([
    ['upwards', (index: number) => index, 13],
    ['downwards', (index: number) => count - index, 13],
    ['in no order', (index: number) => (index * 7_919) % count, 20],
  ])('stays within its bytes per member when filled %s', (_how, place, bytesMax) => {
    for (let index = 0; index < count; index += 1) {
      const { score: value, member } = at(place(index))
      both.tree.insert(both.root, value, member)
    }
    expect(both.tree.bytes(both.root) / count).toBeLessThan(bytesMax)
  })

  it('shrinks to a leaf as it is emptied from either end and from within', () => {
    const empty = both.tree.bytes(both.root)
    const pairs: Pair[] = []
    for (let index = 0; index < count; index += 1) pairs.push(at(index))
    for (const pair of pairs) both.tree.append(both.root, pair.score, pair.member)
    for (let rest = count; rest > 20_000; rest -= 1) both.tree.removeRun(both.root, 0, 1)
    for (let rest = 20_000; rest > 10_000; rest -= 1) both.tree.removeRun(both.root, rest - 1, 1)
    for (let index = 0; index < 10_000; index += 1) {
      const { score: value, member } = nth(pairs, 10_000 + ((index * 7_919) % 10_000))
      both.tree.remove(both.root, value, member)
    }
    expect(both.tree.size(both.root)).toBe(0)
    expect(both.tree.bytes(both.root)).toBe(empty)
  })

  it('is freed in slices', () => {
    const before = both.slab.usedBytes - both.tree.bytes(both.root)
    const pairs = Array.from({ length: 5_000 }, (_unused, index) => at(index))
    const members = pairs.reduce((sum, pair) => sum + both.slab.blockBytes(pair.member), 0)
    for (const pair of pairs) both.tree.append(both.root, pair.score, pair.member)
    let slices = 1
    while (!both.tree.freeSome(both.root, 10)) slices += 1
    expect(slices).toBe(8)
    expect(both.slab.usedBytes).toBe(before + members)
  })
})
