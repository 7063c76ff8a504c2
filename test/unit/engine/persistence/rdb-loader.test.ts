import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { Collections } from '../../../../src/engine/keyspace/collections.ts'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { RDB_OPCODE, RDB_TYPE, RdbError } from '../../../../src/engine/persistence/rdb-encoding.ts'
import { RdbLoader, type RdbLoaderOptions } from '../../../../src/engine/persistence/rdb-loader.ts'
import { RdbOutput } from '../../../../src/engine/persistence/rdb-output.ts'
import { RdbSum } from '../../../../src/engine/persistence/rdb-sum.ts'
import { RdbWriter } from '../../../../src/engine/persistence/rdb-writer.ts'
import { ValueReader } from '../../../../src/engine/persistence/value-reader.ts'
import { CopyPipe } from '../../../../src/engine/replication/copy-pipe.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { DatabaseDriver } from '../../../support/keyspace-driver.ts'

const KEYS = 200

function newKeyspace(): Keyspace {
  const keyspace = new Keyspace({ databaseCount: 2, random: seededRandom(1) })
  keyspace.advance(1_000)
  return keyspace
}

/** A file with keys of all lengths, and a sum. */
function rdbFile(): Buffer {
  const keyspace = newKeyspace()
  const database = new DatabaseDriver(keyspace.database(1))
  for (let index = 0; index < KEYS; index += 1) {
    database.set(`key${index}`, `${index}`.repeat(index), index % 3 === 0 ? 5_000 + index : 0)
  }
  const output = new RdbOutput()
  const writer = new RdbWriter({
    output,
    structures: keyspace.structures,
    access: 'none',
    header: { fields: [['repl-stream-db', '1']], libraries: [Buffer.from('code')] },
    sum: new RdbSum(true),
  })
  writer.writeHeader()
  writer.beginDatabase(1, KEYS, 0)
  let cursor = 0
  do {
    cursor = keyspace
      .database(1)
      .scanAll(cursor, (record) => writer.writeKey(1, keyspace.database(1), record))
  } while (cursor !== 0)
  writer.writeEnd()
  const content = Buffer.from(output.written())
  writer.sum.update(content)
  return Buffer.concat([content, writer.sum.spelled()])
}

interface Loading {
  readonly loader: RdbLoader
  readonly pipe: CopyPipe
  readonly keyspace: Keyspace
  readonly heard: string[]
}

function begin(options: Partial<RdbLoaderOptions> = {}): Loading {
  const keyspace = newKeyspace()
  const pipe = new CopyPipe()
  const heard: string[] = []
  const loader = new RdbLoader({
    keyspace,
    databases: keyspace.databases,
    values: new ValueReader({
      collections: new Collections(keyspace.structures),
      structures: keyspace.structures,
      listFill: () => -2,
    }),
    source: pipe,
    checksSum: true,
    keepsExpired: true,
    replaces: false,
    onField: (name, value) => heard.push(`${name}=${value}`),
    onLibrary: (code) => void heard.push(code.toString()),
    onSkipped: (key) => heard.push(`skipped ${key}`),
    ...options,
  })
  return { loader, pipe, keyspace, heard }
}

const never = (): boolean => false

describe('RdbLoader, from a source that is still open', () => {
  let file: Buffer

  beforeEach(() => {
    file = rdbFile()
  })

  function expectAll({ heard, keyspace, loader }: Loading): void {
    expect([loader.isDone, loader.keysLoaded, loader.position]).toEqual([true, KEYS, file.length])
    expect(heard).toEqual(['repl-stream-db=1', 'code'])
    const database = new DatabaseDriver(keyspace.database(1))
    for (let index = 0; index < KEYS; index += 1) {
      expect(database.get(`key${index}`)).toBe(`${index}`.repeat(index))
    }
    expect(keyspace.database(1).volatileCount).toBe(Math.ceil(KEYS / 3))
  }

  it('loads the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }), (sizes) => {
        const loading = begin()
        const { loader, pipe } = loading
        let at = 0
        for (let turn = 0; at < file.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1
          pipe.write(file.subarray(at, at + size))
          at += size
          loader.step(never)
          expect(loader.isStarved).toBe(!loader.isDone)
        }
        expectAll(loading)
      }),
      { numRuns: 40 },
    )
  })

  it('waits at every byte, and holds what has come of the key', () => {
    const loading = begin()
    const { loader, pipe } = loading
    for (let at = 0; at < file.length; at += 1) {
      pipe.write(file.subarray(at, at + 1))
      loader.step(never)
      expect(loader.heldBytes).toBeLessThanOrEqual(1_000)
    }
    expectAll(loading)
  })

  it.each([1, 9, 10, 500, 5_000])(
    'is truncated when the source ends %d bytes too soon',
    (missing) => {
      const { loader, pipe } = begin()
      pipe.write(file.subarray(0, file.length - missing))
      pipe.complete(file.length - missing)
      expect(() => loader.step(never)).toThrow(RdbError)
      expect(loader.isDone).toBe(false)
    },
  )

  it('finds a wrong sum, though keys were read more than once', () => {
    const { loader, pipe } = begin()
    const damaged = Buffer.from(file)
    damaged[file.length - 1] = (damaged[file.length - 1] ?? 0) ^ 1
    const feed = (): void => {
      for (let at = 0; at < damaged.length; at += 100) {
        pipe.write(damaged.subarray(at, at + 100))
        loader.step(never)
      }
    }
    expect(feed).toThrow(/Wrong RDB checksum/)
  })
})

describe('RdbLoader, of strings', () => {
  const LONG = 'tag,'.repeat(100)

  /** A file of what `write` writes, without a sum. */
  function fileOf(write: (output: RdbOutput) => void): Buffer {
    const output = new RdbOutput()
    output.compresses = true
    output.raw(Buffer.from('REDIS0010'))
    write(output)
    output.byte(RDB_OPCODE.end)
    output.raw(Buffer.alloc(8))
    return Buffer.from(output.written())
  }

  function writeString(output: RdbOutput, key: string, value: string, expiresAtMs?: number): void {
    if (expiresAtMs !== undefined) {
      output.byte(RDB_OPCODE.expiresAtMs)
      output.integer64(expiresAtMs)
    }
    output.byte(RDB_TYPE.string)
    output.text(key)
    output.text(value)
  }

  function writeSet(output: RdbOutput, key: string, member: string): void {
    output.byte(RDB_TYPE.set)
    output.text(key)
    output.lengthOf(1)
    output.text(member)
  }

  function load(file: Buffer, options: Partial<RdbLoaderOptions> = {}): Loading {
    const loading = begin(options)
    loading.pipe.write(file)
    loading.pipe.complete(file.length)
    loading.loader.step(never)
    return loading
  }

  /** What is there after a file that is refused with this message. */
  function refuse(file: Buffer, message: RegExp): Keyspace {
    const loading = begin()
    loading.pipe.write(file)
    loading.pipe.complete(file.length)
    expect(() => loading.loader.step(never)).toThrow(message)
    return loading.keyspace
  }

  it('keeps integers, long and compressed ones, each with its expiry', () => {
    const { keyspace } = load(
      fileOf((output) => {
        writeString(output, 'integer', '-70000')
        writeString(output, 'long', LONG, 7_000)
        writeString(output, '', '')
      }),
    )
    const driver = new DatabaseDriver(keyspace.database(0))
    expect(driver.keys()).toEqual(['', 'integer', 'long'])
    expect([driver.get('integer'), driver.get('long'), driver.get('')]).toEqual([
      '-70000',
      LONG,
      '',
    ])
    expect(driver.database.expiresAtMs(driver.peek('long'))).toBe(7_000)
    expect(driver.database.nextToExpire()).toBe(driver.peek('long'))
    expect(driver.database.volatileCount).toBe(1)
  })

  it('goes into the database that was selected before it', () => {
    const { keyspace } = load(
      fileOf((output) => {
        writeString(output, 'first', '1')
        output.byte(RDB_OPCODE.selectDatabase)
        output.lengthOf(1)
        writeString(output, 'second', '2')
      }),
    )
    expect(new DatabaseDriver(keyspace.database(0)).keys()).toEqual(['first'])
    expect(new DatabaseDriver(keyspace.database(1)).keys()).toEqual(['second'])
  })

  it.each([
    [999, []],
    [1_000, ['due']],
  ])('leaves out what was due at %d, at the instant 1000', (expiresAtMs, keys) => {
    const file = fileOf((output) => writeString(output, 'due', LONG, expiresAtMs))
    const expired: string[] = []
    const { keyspace, loader } = load(file, {
      keepsExpired: false,
      onExpired: (_index, key) => expired.push(Buffer.from(key).toString()),
    })
    expect(new DatabaseDriver(keyspace.database(0)).keys()).toEqual(keys)
    expect([loader.keysLoaded, loader.keysExpired]).toEqual([keys.length, 1 - keys.length])
    expect(expired).toHaveLength(loader.keysExpired)
  })

  it('keeps the idle time and the frequency that are told of it', () => {
    const file = fileOf((output) => {
      output.byte(RDB_OPCODE.idle)
      output.lengthOf(40)
      writeString(output, 'idle', '1')
      writeString(output, 'used', '1')
    })
    const driver = new DatabaseDriver(load(file).keyspace.database(0))
    expect(driver.database.idleSeconds(driver.peek('idle'))).toBe(40)
    expect(driver.database.idleSeconds(driver.peek('used'))).toBe(0)
  })

  it.each([
    ['a string', writeString],
    ['a set', writeSet],
  ])('is refused when the key came before with %s', (_name, write) => {
    const file = fileOf((output) => {
      write(output, 'key', 'old')
      writeString(output, 'key', 'new')
      writeString(output, 'other', '1')
    })
    refuse(file, /the key 'key' comes twice/)
  })

  it('is there for a set of the same key, which is refused', () => {
    const file = fileOf((output) => {
      writeString(output, 'key', 'old')
      writeSet(output, 'key', 'new')
    })
    refuse(file, /the key 'key' comes twice/)
  })

  it('takes the place of what there is, with its expiry, where that may be', () => {
    const keyspace = newKeyspace()
    const driver = new DatabaseDriver(keyspace.database(0))
    driver.set('key', 'old', 9_000)
    const file = fileOf((output) => {
      writeString(output, 'key', LONG)
      writeString(output, 'key', 'last')
    })
    const { loader } = load(file, { keyspace, databases: keyspace.databases, replaces: true })
    expect(loader.keysLoaded).toBe(2)
    expect([driver.keys(), driver.get('key')]).toEqual([['key'], 'last'])
    expect(driver.database.volatileCount).toBe(0)
    expect(driver.delete('key')).toBe(true)
    expect(keyspace.slab.usedBytes).toBe(0)
  })

  it('leaves nothing of one that is damaged, and all that came before it', () => {
    const file = fileOf((output) => {
      writeString(output, 'before', '1')
      writeString(output, 'key', LONG)
    })
    // The first match of the compressed value goes back beyond its start.
    file[file.length - 9 - 3] = 0xff
    const keyspace = refuse(file, /invalid LZF/)
    const driver = new DatabaseDriver(keyspace.database(0))
    expect(driver.keys()).toEqual(['before'])
    driver.delete('before')
    expect(keyspace.slab.usedBytes).toBe(0)
  })
})
