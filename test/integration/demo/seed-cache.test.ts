import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/demo/database.ts'
import { nth } from '../../../src/shared/assert.ts'
import { silentLogger } from '../../../src/shared/logger.ts'

const root = mkdtempSync(join(tmpdir(), 'gerbang-seed-'))
const folder = join(root, 'cache')
const migrationsDir = join(root, 'migrations')
const seedsDir = join(root, 'seeds')
const files = () => readdirSync(folder)
const warnings: string[] = []

/** What a start finds: the same whether it was built or loaded. */
async function openedRows(cacheDir = folder) {
  const database = await openDatabase({
    migrationsDir,
    seedsDir,
    cacheDir,
    log: { ...silentLogger, warn: (_fields, message) => warnings.push(message) },
  })
  const { rows } = await database.query('SELECT array_agg(n) AS numbers FROM numbers')
  await database.close()
  return rows
}

const ROWS = [{ numbers: [1, 2, 3] }]

afterAll(() => rmSync(root, { recursive: true }))

describe('the kept dump of the database', () => {
  let good: Buffer
  let file: string

  beforeAll(async () => {
    mkdirSync(join(migrationsDir, '1_numbers'), { recursive: true })
    mkdirSync(seedsDir)
    writeFileSync(join(migrationsDir, '1_numbers', 'up.sql'), 'CREATE TABLE numbers (n integer)')
    writeFileSync(join(seedsDir, '1.sql'), 'INSERT INTO numbers VALUES (1), (2), (3)')
    expect(await openedRows()).toEqual(ROWS)
    file = join(folder, nth(files(), 0))
    good = readFileSync(file)
  }, 60_000)

  it('is one file, which the next start loads', async () => {
    expect(files()).toHaveLength(1)
    expect(await openedRows()).toEqual(ROWS)
    // Made anew, it would differ: dumps have times in them.
    expect(readFileSync(file).equals(good)).toBe(true)
    expect(warnings).toEqual([])
  })

  it.each([
    ['garbage', () => Buffer.from('garbage'.repeat(100))],
    ['damaged', () => Buffer.concat([good.subarray(0, -1_000), Buffer.alloc(1_000)])],
  ])('is made again when it is %s', async (_name, content) => {
    warnings.length = 0
    writeFileSync(file, content())
    expect(await openedRows()).toEqual(ROWS)
    expect(warnings).toEqual(['the kept dump of the demo database is broken'])
    expect(readFileSync(file).length).toBeGreaterThan(1_000_000)
    expect(files()).toHaveLength(1)
  })

  it('is not needed: a folder that cannot be written costs time only', async () => {
    warnings.length = 0
    expect(await openedRows(join(file, 'below a file'))).toEqual(ROWS)
    expect(warnings).toEqual(['could not keep the dump of the demo database'])
  })
})
