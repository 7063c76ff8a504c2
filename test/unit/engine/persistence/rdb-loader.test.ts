import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { Collections } from '../../../../src/engine/keyspace/collections.ts'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { RdbError } from '../../../../src/engine/persistence/rdb-encoding.ts'
import { RdbLoader } from '../../../../src/engine/persistence/rdb-loader.ts'
import { RdbOutput } from '../../../../src/engine/persistence/rdb-output.ts'
import { RdbSum } from '../../../../src/engine/persistence/rdb-sum.ts'
import { RdbWriter } from '../../../../src/engine/persistence/rdb-writer.ts'
import { ValueReader } from '../../../../src/engine/persistence/value-reader.ts'
import { ValueWriter } from '../../../../src/engine/persistence/value-writer.ts'
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
    values: new ValueWriter(keyspace.structures),
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

function begin(): Loading {
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
