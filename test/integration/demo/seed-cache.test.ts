import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/demo/database.ts'
import { nth } from '../../../src/shared/assert.ts'
import { silentLogger } from '../../../src/shared/logger.ts'

const HASURA = join(import.meta.dirname, '../../../hasura')
const folder = mkdtempSync(join(tmpdir(), 'gerbang-seed-'))
const files = () => readdirSync(folder)
const warnings: string[] = []

/** What a start finds in the shop: the same whether it was built or loaded. */
async function openedShop(cacheDir = folder) {
  const database = await openDatabase({
    migrationsDir: join(HASURA, 'migrations/default'),
    seedsDir: join(HASURA, 'seeds/default'),
    cacheDir,
    log: { ...silentLogger, warn: (_fields, message) => warnings.push(message) },
  })
  const { rows } = await database.query(
    'SELECT count(*)::int AS products, sum(price)::text AS prices FROM products',
  )
  await database.close()
  return rows
}

const SHOP = [{ products: 500, prices: '51142.50' }]

afterAll(() => rmSync(folder, { recursive: true }))

describe('the kept dump of the database', () => {
  let good: Buffer
  let file: string

  beforeAll(async () => {
    expect(await openedShop()).toEqual(SHOP)
    file = join(folder, nth(files(), 0))
    good = readFileSync(file)
  }, 60_000)

  it('is one file, which the next start loads', async () => {
    expect(files()).toHaveLength(1)
    expect(await openedShop()).toEqual(SHOP)
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
    expect(await openedShop()).toEqual(SHOP)
    expect(warnings).toEqual(['the kept dump of the demo database is broken'])
    expect(readFileSync(file).length).toBeGreaterThan(1_000_000)
    expect(files()).toHaveLength(1)
  })

  it('is not needed: a folder that cannot be written costs time only', async () => {
    warnings.length = 0
    expect(await openedShop(join(file, 'below a file'))).toEqual(SHOP)
    expect(warnings).toEqual(['could not keep the dump of the demo database'])
  })
})
