import { afterEach, describe, expect, it } from 'vitest'
import type { EmbeddedClient } from '../../../src/engine/index.ts'
import { PiecePacker } from '../../../src/engine/persistence/piece-packer.ts'
import { RdbSum } from '../../../src/engine/persistence/rdb-sum.ts'
import { type Random, seededRandom } from '../../../src/shared/random.ts'
import { SnapshotDriver, takePiece } from '../../support/snapshot-driver.ts'

const KEYS_PER_TYPE = 3
const ELEMENTS = 150
const STEPS_BETWEEN_MAX = 12

type Words = readonly (string | number)[]

describe('a snapshot of values in pieces', () => {
  const drivers: SnapshotDriver[] = []

  afterEach(() => {
    for (const driver of drivers.splice(0)) driver.remove()
  })

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'is of the instant it was begun at, whatever is written and read meanwhile (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const driver = new SnapshotDriver(seed)
      drivers.push(driver)
      const { client, clock } = driver
      fill(client, random)
      // A second one shows that the first has left its marks whole.
      for (let round = 0; round < 2; round += 1) {
        const before = driver.content
        const snapshot = driver.begin({
          pieceBytes: 1 + (random.uint32() % 500),
          atOnceBytesMax: random.uint32() % 4_000,
          asideBytesMax: random.uint32() % 3_000,
          access: (['none', 'idle', 'frequency'] as const)[random.uint32() % 3] ?? 'none',
        })
        while (!snapshot.isDone) {
          const steps = random.uint32() % STEPS_BETWEEN_MAX
          for (let step = 0; step < steps; step += 1) snapshot.stepOnce()
          const words = random.uint32() % 3 === 0 ? write(random) : read(random)
          if (random.uint32() % 2 === 0) driver.hasten(snapshot, String(words[1]))
          for (let step = random.uint32() % 4; step > 0; step -= 1) snapshot.stepOnce()
          call(client, words)
          clock.advance(random.uint32() % 20)
        }
        expect(await driver.contentOf(snapshot)).toEqual(before)
        expect(snapshot.writer.keyCount).toBe(snapshot.keysTotal)
      }
    },
  )

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'has the same bytes when its strings are packed later, a few of them at a time (seed %i)',
    (seed) => {
      const [atOnce, later] = [new SnapshotDriver(seed), new SnapshotDriver(seed)]
      drivers.push(atOnce, later)
      const expected = bytesOf(atOnce, seed, false)
      expect(expected.length).toBeGreaterThan(10_000)
      expect(bytesOf(later, seed, true).equals(expected)).toBe(true)
    },
  )
})

/** Of a snapshot, with its sum, that is taken amid the same writes for each seed, and handed on at any places. */
function bytesOf(driver: SnapshotDriver, seed: number, leavesStrings: boolean): Buffer {
  const { client, clock } = driver
  const random = seededRandom(seed)
  const cuts = seededRandom(leavesStrings ? seed + 1_000 : seed)
  fill(client, random)
  const atOnceBytesMax = random.uint32() % 4_000
  const snapshot = driver.begin({ atOnceBytesMax, leavesStrings })
  const sum = new RdbSum(true)
  const packer = new PiecePacker(sum)
  const packed: Buffer[] = []
  while (!snapshot.isDone) {
    const steps = random.uint32() % STEPS_BETWEEN_MAX
    for (let step = 0; step < steps; step += 1) snapshot.stepOnce()
    call(client, random.uint32() % 3 === 0 ? write(random) : read(random))
    clock.advance(random.uint32() % 20)
    if (cuts.uint32() % 5 > 0 && !snapshot.isDone) continue
    packed.push(Buffer.from(packer.pack(takePiece(snapshot), new Uint8Array(cuts.uint32() % 500))))
  }
  return Buffer.concat([...packed, sum.spelled()])
}

function call(client: EmbeddedClient, words: Words): void {
  client.call(...words)
}

/** Hashes and sets that have just begun to grow or to shrink are moving to a new table. */
function fill(client: EmbeddedClient, random: Random): void {
  const any = (below: number): number => random.uint32() % below
  for (let database = 0; database < 3; database += 1) {
    call(client, ['SELECT', database])
    for (let key = 0; key < KEYS_PER_TYPE; key += 1) {
      const size = any(ELEMENTS)
      for (let index = 0; index < size; index += 1) {
        call(client, ['HSET', `h${key}`, `field${index}`, index])
        call(client, ['SADD', `m${key}`, `member${index}`])
        call(client, ['SADD', `i${key}`, index])
        call(client, ['ZADD', `z${key}`, index / 3, `member${index}`])
        call(client, ['RPUSH', `l${key}`, `element${index}`])
        call(client, ['XADD', `x${key}`, `${index + 1}-0`, 'field', index])
      }
      for (let index = any(size + 1); index < size; index += 1) {
        call(client, ['SREM', `m${key}`, `member${index}`])
        call(client, ['HDEL', `h${key}`, `field${index}`])
      }
      for (const group of ['g', 'h']) {
        call(client, ['XGROUP', 'CREATE', `x${key}`, group, '0'])
        for (const consumer of ['al', 'bo', 'cy']) {
          const words = ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', 1 + any(50)]
          call(client, words.concat('STREAMS', `x${key}`, '>'))
        }
      }
      call(client, ['PEXPIRE', `${'hmzlx'[any(5)]}${key}`, 1 + any(3_000)])
    }
    for (let key = 0; key < 20; key += 1) call(client, ['SET', `s${key}`, 'x'.repeat(any(200))])
    call(client, ['PEXPIRE', `s${any(20)}`, 1 + any(2_000)])
  }
}

function read(random: Random): Words {
  const any = (below: number): number => random.uint32() % below
  const key = any(KEYS_PER_TYPE)
  const commands: readonly Words[] = [
    ['SELECT', any(4)],
    ['HRANDFIELD', `h${key}`, 5],
    ['SRANDMEMBER', `m${key}`, 5],
    ['ZRANDMEMBER', `z${key}`, 5],
    ['XRANGE', `x${key}`, '-', '+', 'COUNT', 3],
    ['LINDEX', `l${key}`, any(ELEMENTS)],
    ['DUMP', `h${key}`],
    ['SCAN', 0],
    ['SUNION', 'm0', 'm1', 'm2'],
  ]
  return commands[any(commands.length)] ?? []
}

function write(random: Random): Words {
  const any = (below: number): number => random.uint32() % below
  const key = any(KEYS_PER_TYPE)
  const commands: readonly Words[] = [
    ['HSET', `h${key}`, `new${any(ELEMENTS)}`, 1],
    ['HDEL', `h${key}`, `field${any(ELEMENTS)}`],
    ['SREM', `m${key}`, `member${any(ELEMENTS)}`],
    ['ZINCRBY', `z${key}`, 5, `member${any(ELEMENTS)}`],
    ['LPOP', `l${key}`],
    ['XACK', `x${key}`, 'g', `${any(50)}-0`],
    ['XREADGROUP', 'GROUP', 'h', 'al', 'COUNT', 3, 'STREAMS', `x${key}`, '>'],
    ['XTRIM', `x${key}`, 'MAXLEN', any(ELEMENTS)],
    ['PERSIST', `h${key}`],
    ['PEXPIRE', `l${key}`, any(100)],
    ['APPEND', `s${any(30)}`, 'y'],
    ['APPEND', `s${any(30)}`, 'y'],
    ['SET', `s${any(30)}`, any(1e6), 'PX', 1 + any(500)],
    ['DEL', `s${any(30)}`, `s${any(30)}`],
    ['RENAME', `s${any(20)}`, `z${any(20)}`],
    ['MOVE', `s${any(20)}`, any(4)],
    ['MOVE', `h${key}`, any(4)],
    ['SWAPDB', any(4), any(4)],
    ['UNLINK', `${'hmizlx'[any(6)]}${key}`],
    ['COPY', `z${key}`, `z${any(KEYS_PER_TYPE)}`, 'REPLACE'],
    ['FLUSHDB'],
  ]
  // The last ones seldom: something must be left.
  return commands[any(any(10) === 0 ? commands.length : commands.length - 3)] ?? []
}
