import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Procedure, Store } from '../../src/store/index.ts'

/** A store to test, and a way around it to look at what is really there. */
export interface StoreUnderTest {
  readonly store: Store
  /** A command sent past the store. */
  raw(...argv: readonly (string | number | Buffer)[]): Promise<unknown>
  close(): Promise<void>
}

export interface ContractOptions {
  readonly open: () => Promise<StoreUnderTest>
  /** Why the whole suite cannot run here. */
  readonly skipAll?: string | undefined
  /** Tests that cannot pass here, by their name, and why. */
  readonly skip?: ReadonlyMap<string, string>
}

/** What every Store promises, whatever is behind it. */
export function describeStoreContract(title: string, options: ContractOptions): void {
  describe.skipIf(options.skipAll !== undefined)(title, () => {
    let underTest: StoreUnderTest
    let store: Store

    beforeAll(async () => {
      underTest = await options.open()
      store = underTest.store
      await store.start()
    })
    afterAll(async () => {
      await store.stop()
      await underTest.close()
    })
    beforeEach(async () => {
      await underTest.raw('FLUSHALL')
    })

    const test = (name: string, run: () => Promise<void>): void => {
      const reason = options.skip?.get(name)
      if (reason === undefined) it(name, run)
      else it.skip(`${name} (${reason})`, run)
    }

    test('answers a ping', async () => {
      expect(await store.ping()).toBeUndefined()
    })

    test('gives back the bytes it was given', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      expect(await store.set(bytes, bytes)).toBe(true)
      expect(await store.get(bytes)).toEqual(bytes)
    })

    test('keeps an empty value apart from an absent one', async () => {
      await store.set(key('empty'), Buffer.alloc(0))
      expect(await store.get(key('empty'))).toEqual(Buffer.alloc(0))
      expect(await store.get(key('absent'))).toBeUndefined()
    })

    test('keeps a value of 2 MB whole', async () => {
      const value = Buffer.alloc(2_097_152, 'gerbang')
      await store.set(key('large'), value)
      expect(value.equals((await store.get(key('large'))) ?? Buffer.alloc(0))).toBe(true)
    })

    test('writes a view of a larger buffer, not what is around it', async () => {
      await store.set(key('view'), Buffer.from('before value after').subarray(7, 12))
      expect(await store.get(key('view'))).toEqual(Buffer.from('value'))
    })

    test('hands out values that belong to the caller', async () => {
      const written = Buffer.from('value')
      await store.set(key('mine'), written)
      written.fill('x')
      const read = await store.get(key('mine'))
      read?.fill('y')
      expect(await store.get(key('mine'))).toEqual(Buffer.from('value'))
    })

    test('reads many keys in their order', async () => {
      await store.set(key('a'), Buffer.from('1'))
      await store.set(key('c'), Buffer.from('3'))
      const values = await store.getMany([key('c'), key('b'), key('a'), key('a')])
      expect(values.map((value) => value?.toString())).toEqual(['3', undefined, '1', '1'])
    })

    test('reads no keys', async () => {
      expect(await store.getMany([])).toEqual([])
    })

    test('replaces a value', async () => {
      await store.set(key('a'), Buffer.from('a long first value'))
      await store.set(key('a'), Buffer.from('second'))
      expect(await store.get(key('a'))).toEqual(Buffer.from('second'))
    })

    test('sets only what is absent when asked to', async () => {
      expect(await store.set(key('a'), Buffer.from('1'), { onlyIfAbsent: true })).toBe(true)
      expect(await store.set(key('a'), Buffer.from('2'), { onlyIfAbsent: true })).toBe(false)
      expect(await store.get(key('a'))).toEqual(Buffer.from('1'))
    })

    test('gives a key the life it was asked for', async () => {
      await store.set(key('a'), Buffer.from('1'), { ttlMs: 90_000 })
      const ttlMs = await underTest.raw('PTTL', 'a')
      expect(ttlMs).toBeGreaterThan(80_000)
      expect(ttlMs).toBeLessThanOrEqual(90_000)
    })

    test('gives an absent key its life and leaves that of a present one', async () => {
      await store.set(key('a'), Buffer.from('1'), { ttlMs: 90_000, onlyIfAbsent: true })
      await store.set(key('a'), Buffer.from('2'), { ttlMs: 10_000, onlyIfAbsent: true })
      expect(await underTest.raw('PTTL', 'a')).toBeGreaterThan(80_000)
    })

    test('lets a key live for ever that is set again without a life', async () => {
      await store.set(key('a'), Buffer.from('1'), { ttlMs: 90_000 })
      await store.set(key('a'), Buffer.from('1'))
      expect(await underTest.raw('PTTL', 'a')).toBe(-1)
    })

    test('gives a present key another life, and says so', async () => {
      await store.set(key('a'), Buffer.from('1'), { ttlMs: 10_000 })
      expect(await store.touch(key('a'), 90_000)).toBe(true)
      expect(await underTest.raw('PTTL', 'a')).toBeGreaterThan(80_000)
      expect(await store.get(key('a'))).toEqual(Buffer.from('1'))
      expect(await store.touch(key('absent'), 90_000)).toBe(false)
      expect(await store.get(key('absent'))).toBeUndefined()
    })

    test('counts what it deleted', async () => {
      await store.set(key('a'), Buffer.from('1'))
      await store.set(key('b'), Buffer.from('2'))
      expect(await store.delete([key('a'), key('b'), key('c')])).toBe(2)
      expect(await store.get(key('a'))).toBeUndefined()
    })

    test('deletes nothing when no key is named', async () => {
      expect(await store.delete([])).toBe(0)
    })

    test('runs a procedure in one step', async () => {
      const calls = [await store.run(append, [key('a')], ['x', 60_000])]
      calls.push(await store.run(append, [key('a')], ['yz', 60_000]))
      expect(calls).toEqual([
        { before: undefined, length: 1 },
        { before: 'x', length: 3 },
      ])
      expect(await underTest.raw('PTTL', 'a')).toBeGreaterThan(50_000)
    })

    test('gives a procedure bytes as they are', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      expect(await store.run(keep, [key('a')], [bytes])).toBe(256)
      expect(await store.get(key('a'))).toEqual(bytes)
    })

    test('tells about itself as Redis does', async () => {
      expect(await store.info()).toMatch(/^redis_version:\d+\.\d+\.\d+\r$/m)
    })

    test('says so when the memory is full', async () => {
      await expectOutOfMemory(() => store.set(key('a'), Buffer.from('1')))
    })

    test('says so when the memory is full for a procedure', async () => {
      await expectOutOfMemory(() => store.run(append, [key('a')], ['x', 1_000]))
    })

    async function expectOutOfMemory(write: () => unknown): Promise<void> {
      await underTest.raw('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      await underTest.raw('CONFIG', 'SET', 'maxmemory', '1')
      try {
        await expect(Promise.resolve().then(write)).rejects.toMatchObject({
          name: 'StoreError',
          code: 'out-of-memory',
        })
      } finally {
        await underTest.raw('CONFIG', 'SET', 'maxmemory', '0')
      }
    }
  })
}

const key = (text: string): Buffer => Buffer.from(text)

const keep: Procedure<number> = {
  name: 'keep',
  lua: `redis.call('SET', KEYS[1], ARGV[1]) return #ARGV[1]`,
  run(database, [target = key('')], [bytes]) {
    if (!Buffer.isBuffer(bytes)) throw new TypeError('expected bytes')
    database.set(target, bytes)
    return bytes.length
  },
  decode: Number,
}

/** Appends to a string and renews its life: reads, writes, and replies with a list, bytes, null and a number. */
const append: Procedure<{ readonly before: string | undefined; readonly length: number }> = {
  name: 'append',
  lua: `
    local before = redis.call('GET', KEYS[1])
    local after = (before or '') .. ARGV[1]
    redis.call('SET', KEYS[1], after, 'PX', ARGV[2])
    return { before, #after }
  `,
  run(database, [target = key('')], [suffix = '', ttlMs = 0]) {
    const view = database.get(target)
    const before = view === undefined ? null : Buffer.from(view)
    const after = Buffer.concat([before ?? Buffer.alloc(0), Buffer.from(String(suffix))])
    database.set(target, after, Number(ttlMs))
    return [before, after.length]
  },
  decode(reply) {
    if (!Array.isArray(reply)) throw new TypeError('append replies with a list')
    const [before, length] = reply
    return {
      before: Buffer.isBuffer(before) ? before.toString() : undefined,
      length: Number(length),
    }
  },
}
