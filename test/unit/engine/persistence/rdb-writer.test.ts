import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Snapshot } from '../../../../src/engine/persistence/snapshot.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { SnapshotDriver } from '../../../support/snapshot-driver.ts'

const ELEMENTS = 100
const TTL_MS = 1_000

type Words = readonly (string | number)[]

/** Each makes the one key of the database. */
const LARGE: Readonly<Record<string, (index: number) => Words>> = {
  hash: (index) => ['HSET', 'large', `field${index}`, `value${index}`],
  set: (index) => ['SADD', 'large', `member${index}`],
  zset: (index) => ['ZADD', 'large', index / 3, `member${index}`],
  list: (index) => ['RPUSH', 'large', `element${index}`],
  stream: (index) => ['XADD', 'large', `${index + 1}-0`, 'field', index],
}

/** Text that cannot be compressed. */
function noise(length: number): string {
  const random = seededRandom(length)
  return Array.from({ length }, () => String.fromCharCode(33 + (random.uint32() % 94))).join('')
}

describe('RdbWriter, while a value is written in pieces', () => {
  let driver: SnapshotDriver

  beforeEach(() => {
    driver = new SnapshotDriver()
    for (let index = 0; index < 10; index += 1) {
      call('SELECT', index % 3)
      call('SET', `s${index}`, `${index}`.repeat(index), 'PX', TTL_MS)
    }
    // The walk comes to this database first, and nothing else is in it.
    call('SWAPDB', 0, 3)
    call('SELECT', 0)
    for (let index = 0; index < ELEMENTS; index += 1) call(...large('hash', index))
  })
  afterEach(() => driver.remove())

  function call(...words: Words): void {
    expect(driver.client.call(...words)).not.toBeInstanceOf(Error)
  }

  function large(type: string, index: number): Words {
    return LARGE[type]?.(index) ?? []
  }

  /** Some of the value is written, and not all of it. */
  function beginLarge(snapshot: Snapshot): void {
    const { writer } = snapshot
    const begun = writer.output.length + 100
    while (writer.output.length < begun && !snapshot.isDone) snapshot.stepOnce()
    expect(writer.keyCount).toBe(0)
  }

  function finish(snapshot: Snapshot): void {
    while (!snapshot.isDone) snapshot.stepOnce()
  }

  it.each(Object.keys(LARGE))('goes on after other keys have changed (%s)', async (type) => {
    call('DEL', 'large')
    for (let index = 0; index < ELEMENTS; index += 1) call(...large(type, index))
    call('PEXPIRE', 'large', TTL_MS)
    const before = driver.content
    const snapshot = driver.begin()
    beginLarge(snapshot)
    // 3 holds what 0 held.
    for (const [database, key] of [
      [1, 's1'],
      [3, 's3'],
      [1, 's4'],
      [2, 's2'],
    ] as const) {
      call('SELECT', database)
      call('APPEND', key, 'x')
    }
    call('DEL', 's8')
    expect(snapshot.writer.keyCount).toBe(5)
    finish(snapshot)
    expect(snapshot.writer.keyCount).toBe(11)
    expect(await driver.contentOf(snapshot)).toEqual(before)
  })

  it.each<Words>([
    ['HSET', 'large', 'field1', 'another'],
    ['HSET', 'large', 'new', 'one'],
    ['HDEL', 'large', 'field1'],
    ['DEL', 'large'],
    ['UNLINK', 'large'],
    ['SET', 'large', 'a string'],
    ['RENAME', 'large', 'other'],
    ['MOVE', 'large', 1],
    ['EXPIRE', 'large', 10],
  ])('writes the rest of it before it changes: %s', async (...words) => {
    const before = driver.content
    const snapshot = driver.begin()
    beginLarge(snapshot)
    call(...words)
    expect(snapshot.writer.keyCount).toBe(1)
    finish(snapshot)
    expect(await driver.contentOf(snapshot)).toEqual(before)
  })

  it('writes the rest of it before it goes because it is due', async () => {
    call('PEXPIRE', 'large', TTL_MS)
    const before = driver.content
    const snapshot = driver.begin()
    beginLarge(snapshot)
    driver.clock.advance(TTL_MS + 1)
    expect(driver.client.call('EXISTS', 'large')).toBe(0)
    expect(snapshot.writer.keyCount).toBe(1)
    call('SELECT', 1)
    expect(driver.client.call('EXISTS', 's1')).toBe(0)
    finish(snapshot)
    expect(await driver.contentOf(snapshot)).toEqual(before)
  })

  it.each<[string, readonly Words[]]>([
    ['its database is flushed', [['FLUSHDB']]],
    ['another one is', [['SELECT', 1], ['FLUSHDB']]],
    ['all of them are, one by one', [0, 1, 2, 3].flatMap((at) => [['SELECT', at], ['FLUSHDB']])],
    [
      'databases take turns',
      [
        ['SWAPDB', 0, 1],
        ['SET', 's1', 1],
        ['SWAPDB', 1, 2],
      ],
    ],
    ['its database takes a turn and is flushed', [['SWAPDB', 0, 1], ['SELECT', 1], ['FLUSHDB']]],
    ['there is another of that name', [['FLUSHDB'], ['HSET', 'large', 'a', 1]]],
    [
      'its table moves',
      [
        ['HRANDFIELD', 'large', 1_000],
        ['HRANDFIELD', 'large', -500],
      ],
    ],
    [
      'it is read',
      [
        ['DUMP', 'large'],
        ['HSCAN', 'large', 0],
        ['COPY', 'large', 'other'],
      ],
    ],
  ])('keeps what there was when %s', async (_name, commands) => {
    const before = driver.content
    const snapshot = driver.begin()
    beginLarge(snapshot)
    for (const words of commands) {
      call(...words)
      snapshot.stepOnce()
    }
    expect(snapshot.writer.keyCount).toBeLessThan(11)
    finish(snapshot)
    expect(await driver.contentOf(snapshot)).toEqual(before)
  })

  it('gives up when everything is flushed, and the next snapshot is whole', async () => {
    const abandoned = driver.begin()
    beginLarge(abandoned)
    call('SELECT', 1)
    call('APPEND', 's1', 'x')
    call('FLUSHALL')
    expect([abandoned.isDone, abandoned.isAbandoned]).toEqual([true, true])
    for (let index = 0; index < ELEMENTS; index += 1) call(...large('set', index))
    const before = driver.content
    const snapshot = driver.begin()
    finish(snapshot)
    expect(await driver.contentOf(snapshot)).toEqual(before)
  })

  it.each([
    [100, 0],
    [99, 1],
  ])('writes the rest of it at once when others take more than %d bytes', async (max, more) => {
    call('SELECT', 1)
    // Selecting, the type, and a name of one byte with its length, then 93 bytes of value with theirs.
    const text = Array.from({ length: 93 }, (_, index) => String.fromCharCode(33 + index)).join('')
    call('SET', 'k', text)
    const before = driver.content
    const snapshot = driver.begin({ asideBytesMax: max })
    beginLarge(snapshot)
    call('SELECT', 1)
    call('DEL', 'k')
    expect(snapshot.writer.keyCount).toBe(1 + more)
    finish(snapshot)
    expect(await driver.contentOf(snapshot)).toEqual(before)
  })

  it('takes in what stands aside piece by piece, and what comes meanwhile', async () => {
    call('SELECT', 1)
    for (let index = 0; index < 7; index += 1) {
      call('SET', `long${index}`, noise(100_000))
    }
    const before = driver.content
    const snapshot = driver.begin()
    const { writer } = snapshot
    beginLarge(snapshot)
    call('SELECT', 1)
    for (let index = 0; index < 6; index += 1) call('DEL', `long${index}`)
    expect(writer.keyCount).toBe(6)
    while (writer.keyCount === 6) snapshot.stepOnce()
    const taken = writer.output.length
    call('DEL', 'long6')
    expect(writer.output.length).toBe(taken)
    finish(snapshot)
    expect(await driver.contentOf(snapshot)).toEqual(before)
  })

  it.each([['idle'], ['frequency']] as const)('tells the %s of keys as well', async (access) => {
    const before = driver.content
    const snapshot = driver.begin({ access })
    beginLarge(snapshot)
    call('SELECT', 1)
    call('APPEND', 's1', 'x')
    finish(snapshot)
    expect(await driver.contentOf(snapshot)).toEqual(before)
  })
})
