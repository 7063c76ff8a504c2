import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DemoMetadata } from '../../../src/demo/metadata.ts'
import { readMetadataDirectory } from '../../../src/demo/metadata-directory.ts'

const DIRECTORY = join(import.meta.dirname, '../../../hasura/metadata')
const PRODUCTS = { schema: 'public', name: 'products' }

const trigger = (name: string, webhook = 'http://localhost/events') => ({
  name,
  definition: { enable_manual: false, insert: { columns: '*' as const } },
  retry_conf: { num_retries: 5, interval_sec: 1, timeout_sec: 60 },
  webhook,
})

describe('the metadata of the shop', () => {
  it('is read out of its files, includes and all', () => {
    const metadata = readMetadataDirectory(DIRECTORY)
    expect(metadata.tables.map(({ table }) => table.name)).toEqual([
      'categories',
      'order_items',
      'orders',
      'orgs',
      'product_categories',
      'product_sales',
      'products',
      'reviews',
      'users',
    ])
    expect(metadata.functions).toEqual([
      { function: { schema: 'public', name: 'search_products' } },
    ])
    expect([...metadata.roles].toSorted()).toEqual(['anonymous', 'manager', 'user'])
  })

  it('exports what the files say, empty sections left out', () => {
    const { resource_version: version, metadata } = readMetadataDirectory(DIRECTORY).toExport()
    expect(version).toBe(1)
    expect(Object.keys(metadata)).toEqual(['version', 'sources'])
    expect(metadata.sources[0]).toMatchObject({
      name: 'default',
      kind: 'postgres',
      configuration: {
        connection_info: { database_url: { from_env: 'HASURA_GRAPHQL_DATABASE_URL' } },
      },
    })
  })
})

describe('event triggers', () => {
  it('come, are replaced by name, and go; each change is a new resource version', () => {
    const metadata = readMetadataDirectory(DIRECTORY)
    expect(metadata.addEventTrigger(PRODUCTS, trigger('a'))).toBe(true)
    expect(metadata.addEventTrigger({ ...PRODUCTS, name: 'users' }, trigger('a', 'http://b'))).toBe(
      true,
    )
    expect(metadata.eventTriggers).toEqual([
      { table: { schema: 'public', name: 'users' }, trigger: trigger('a', 'http://b') },
    ])
    expect(metadata.removeEventTrigger('a')).toBe(true)
    expect(metadata.eventTriggers).toEqual([])
    expect(metadata.resourceVersion).toBe(4)
  })

  it('need a table that is tracked, and a name that exists', () => {
    const metadata = readMetadataDirectory(DIRECTORY)
    expect(metadata.addEventTrigger({ ...PRODUCTS, name: 'nope' }, trigger('a'))).toBe(false)
    expect(metadata.removeEventTrigger('a')).toBe(false)
    expect(metadata.resourceVersion).toBe(1)
  })

  it('do not leak into an export made before', () => {
    const metadata = readMetadataDirectory(DIRECTORY)
    const before = JSON.stringify(metadata.toExport())
    const exported = metadata.toExport()
    metadata.addEventTrigger(PRODUCTS, trigger('a'))
    expect(JSON.stringify(exported)).toBe(before)
  })
})

describe('DemoMetadata', () => {
  it.each([
    [{}],
    [{ version: 2, tables: [] }],
    [{ version: 3, sources: [] }],
    [{ version: 3, sources: [{ name: 'default', kind: 'postgres' }] }],
  ])('refuses %j', (document) => {
    expect(() => new DemoMetadata(document)).toThrow()
  })
})
