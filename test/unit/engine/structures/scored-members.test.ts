import { beforeEach, describe, expect, it } from 'vitest'
import { KeyedHash } from '../../../../src/engine/memory/keyed-hash.ts'
import { type Handle, Slab } from '../../../../src/engine/memory/slab.ts'
import { ScoredMembers } from '../../../../src/engine/structures/scored-members.ts'
import { seededRandom } from '../../../../src/shared/random.ts'

const COUNT = 5_000
let slab: Slab
let members: ScoredMembers

beforeEach(() => {
  const random = seededRandom(1)
  slab = new Slab()
  members = new ScoredMembers({ slab, random, hasher: new KeyedHash(random), mayGrow: () => true })
})

function filled(): Handle {
  const root = members.create()
  for (let index = 0; index < COUNT; index += 1) {
    const bytes = Buffer.from(`member:${index}`)
    members.add(root, bytes, 0, bytes.length, (index * 7_919) % COUNT)
  }
  return root
}

function find(root: Handle, text: string): Handle {
  const bytes = Buffer.from(text)
  return members.find(root, bytes, 0, bytes.length)
}

describe('ScoredMembers', () => {
  it('accounts for all it holds, and gives all of it back', () => {
    const root = filled()
    expect(members.bytes(root)).toBe(slab.usedBytes)
    expect(members.bytes(root) / COUNT).toBeLessThan(85)
    members.free(root)
    expect(slab.usedBytes).toBe(0)
  })

  it('is freed in slices of about so many members', () => {
    const root = filled()
    let slices = 1
    while (!members.freeSome(root, 500)) slices += 1
    expect(slices).toBeGreaterThan(10)
    expect(slices).toBeLessThan(60)
    expect(slab.usedBytes).toBe(0)
  })

  it('copies to a set that lives on without the first', () => {
    const root = filled()
    const copy = members.copy(root)
    members.free(root)
    expect(members.size(copy)).toBe(COUNT)
    expect(members.score(find(copy, 'member:1'))).toBe(7_919 % COUNT)
    expect(members.rank(copy, find(copy, 'member:1'))).toBe(7_919 % COUNT)
    expect(members.bytes(copy)).toBe(slab.usedBytes)
  })

  it('forgets a range of ranks in table and tree', () => {
    const root = filled()
    const gone = members.at(root, 100)
    const start = members.memberStart(gone)
    const bytes = members.bytesOf(gone).slice(start, start + members.memberLength(gone))
    members.removeRange(root, 100, 4_800)
    expect(members.size(root)).toBe(COUNT - 4_800)
    expect(members.find(root, bytes, 0, bytes.length)).toBe(0)
    expect(members.score(members.at(root, 100))).toBe(4_900)
  })

  it('gives every member its turn by chance', () => {
    const root = members.create()
    for (const text of ['a', 'b', 'c']) {
      const bytes = Buffer.from(text)
      members.add(root, bytes, 0, bytes.length, 1)
    }
    const seen = new Set(Array.from({ length: 100 }, () => members.random(root)))
    expect(seen.size).toBe(3)
  })
})
