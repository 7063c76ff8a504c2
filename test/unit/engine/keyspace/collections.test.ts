import { beforeEach, describe, expect, it } from 'vitest'
import type { Database, Handle } from '../../../../src/engine/keyspace/database.ts'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { seededRandom } from '../../../../src/shared/random.ts'

let keyspace: Keyspace
let database: Database

beforeEach(() => {
  keyspace = new Keyspace({ databaseCount: 2, random: seededRandom(1) })
  keyspace.advance(1_000)
  database = keyspace.database(0)
})

function createPacked(key: string, value: string): Handle {
  const record = database.createPacked(Buffer.from(key), 0, key.length, 'hash', value.length)
  write(record, 0, value)
  return record
}

function write(record: Handle, at: number, text: string): void {
  database.bytes(record).set(Buffer.from(text), database.valueStart(record) + at)
}

function valueOf(record: Handle, from: Database = database): string {
  const start = from.valueStart(record)
  return Buffer.from(
    from.bytes(record).subarray(start, start + from.valueLength(record)),
  ).toString()
}

function find(key: string, from: Database = database): Handle {
  return from.peek(Buffer.from(key), 0, key.length)
}

describe('a packed value', () => {
  it('has its type and the encoding of small ones', () => {
    const record = createPacked('h', 'abc')
    expect(database.type(record)).toBe('hash')
    expect(database.encoding(record)).toBe('listpack')
    expect(database.isRooted(record)).toBe(false)
  })

  it.each([
    ['grows in the middle', 2, 0, 4, 'ab', 'cdef'],
    ['grows at its end', 6, 0, 3, 'abcdef', ''],
    ['loses bytes', 1, 3, 0, 'a', 'ef'],
    ['changes bytes for more', 1, 2, 300, 'a', 'def'],
  ])('%s', (_, at, removed, inserted, before, after) => {
    const record = database.spliceValue(createPacked('h', 'abcdef'), at, removed, inserted)
    const value = valueOf(record)
    expect(value).toHaveLength(6 - removed + inserted)
    expect(value.slice(0, at)).toBe(before)
    expect(value.slice(at + inserted)).toBe(after)
    expect(find('h')).toBe(record)
  })

  it('keeps its expiry when it grows and shrinks', () => {
    let record = database.setExpiry(createPacked('h', 'abcdef'), 5_000)
    record = database.spliceValue(record, 6, 0, 1)
    expect(database.expiresAtMs(record)).toBe(5_000)
    record = database.spliceValue(record, 0, 7, 900)
    record = database.spliceValue(record, 10, 890, 0)
    expect(database.expiresAtMs(record)).toBe(5_000)
    keyspace.advance(5_001)
    expect(find('h')).toBe(0)
  })

  it('keeps its type under another name and in another database', () => {
    database.rename(createPacked('h', 'abc'), Buffer.from('other'), 0, 5)
    expect(database.encoding(find('other'))).toBe('listpack')
    const to = keyspace.database(1)
    database.copyTo(find('other'), to, Buffer.from('copy'), 0, 4)
    expect(valueOf(find('copy', to), to)).toBe('abc')
    database.moveTo(find('other'), to, Buffer.from('moved'), 0, 5)
    expect(find('other')).toBe(0)
    expect(to.type(find('moved', to))).toBe('hash')
  })

  it('gives way to a string', () => {
    createPacked('h', 'abc')
    database.setString(Buffer.from('h'), 0, 1, Buffer.from('string'), 0, 6, 0)
    expect(database.type(find('h'))).toBe('string')
    expect(database.encoding(find('h'))).toBe('embstr')
  })
})

describe('a collection that becomes another', () => {
  /** A set with so many members, reached from its root. */
  function rootOf(count: number): Handle {
    const { sets } = keyspace.structures
    const root = sets.create()
    for (let index = 0; index < count; index += 1) {
      const member = Buffer.from(`member:${index}`)
      sets.insert(root, member, 0, member.length, sets.hash(member, 0, member.length))
    }
    return root
  }

  it('keeps key, type and expiry, and frees what it was', () => {
    const key = Buffer.from('s')
    let record = database.createPacked(key, 0, 1, 'set', 2)
    record = database.setExpiry(record, 5_000)
    const packedBytes = keyspace.slab.usedBytes
    record = database.becomeRooted(record, rootOf(10))
    record = database.becomeRooted(record, rootOf(3))
    expect(database.encoding(record)).toBe('hashtable')
    expect(keyspace.structures.sets.size(database.root(record))).toBe(3)
    record = database.becomePacked(record, 2)
    expect(database.encoding(record)).toBe('intset')
    expect(database.expiresAtMs(record)).toBe(5_000)
    expect(find('s')).toBe(record)
    expect(keyspace.slab.usedBytes).toBe(packedBytes)
  })
})
