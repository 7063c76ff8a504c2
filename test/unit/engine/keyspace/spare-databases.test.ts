import { beforeEach, describe, expect, it } from 'vitest'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { nth } from '../../../../src/shared/assert.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { DatabaseDriver } from '../../../support/keyspace-driver.ts'

let keyspace: Keyspace

beforeEach(() => {
  keyspace = new Keyspace({ databaseCount: 2, random: seededRandom(1) })
  keyspace.advance(1_000)
  of(0).set('old', '1')
})

const of = (index: number): DatabaseDriver => new DatabaseDriver(keyspace.database(index))

function fillSpare(): void {
  new DatabaseDriver(nth(keyspace.beginSpare(), 1)).set('new', '2')
}

describe('spare databases', () => {
  it('are seen by nobody while they are filled', () => {
    fillSpare()
    expect([keyspace.keyCount, of(1).get('new'), of(0).get('old')]).toEqual([1, undefined, '1'])
  })

  it('take the place of those there were', () => {
    fillSpare()
    keyspace.adoptSpare()
    expect([keyspace.keyCount, of(1).get('new'), of(0).get('old')]).toEqual([1, '2', undefined])
    while (keyspace.hasGarbage) keyspace.freeGarbage(100)
    expect([of(1).get('new'), keyspace.garbageKeys]).toEqual(['2', 0])
  })

  it('give their memory back when they are dropped', () => {
    const before = keyspace.slab.usedBytes
    fillSpare()
    keyspace.dropSpare()
    while (keyspace.hasGarbage) keyspace.freeGarbage(100)
    expect([keyspace.slab.usedBytes, of(0).get('old')]).toEqual([before, '1'])
  })

  it('are not swept away with all that can be seen', () => {
    fillSpare()
    keyspace.flushAll()
    keyspace.adoptSpare()
    expect(of(1).get('new')).toBe('2')
  })

  it('leave no memory when neither they nor those before them hold a key', () => {
    keyspace.beginSpare()
    keyspace.adoptSpare()
    expect([keyspace.keyCount, keyspace.slab.usedBytes, keyspace.hasGarbage]).toEqual([0, 0, false])
  })
})

describe('events of keys that are loaded', () => {
  it('are heard by nobody, and those afterwards are', () => {
    const heard: string[] = []
    keyspace.events.onPresence = (_index, bytes, start, length) =>
      heard.push(Buffer.from(bytes.subarray(start, start + length)).toString())
    const make = (key: string): void => {
      const bytes = Buffer.from(key)
      keyspace.database(0).createPacked(bytes, 0, bytes.length, 'hash', 7)
    }
    keyspace.events.silence(() => make('loaded'))
    make('made')
    expect(heard).toEqual(['made'])
  })
})
