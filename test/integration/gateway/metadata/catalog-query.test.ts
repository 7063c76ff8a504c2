import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../../../src/demo/queryable.ts'
import { type Catalog, parseCatalog } from '../../../../src/gateway/metadata/catalog.ts'
import { CATALOG_QUERY } from '../../../../src/gateway/metadata/catalog-query.ts'
import { openShop } from '../../../support/demo-database.ts'

const CHANGES = [
  'CREATE MATERIALIZED VIEW frozen AS SELECT * FROM orders',
  "CREATE VIEW personal AS SELECT *, current_setting('hasura.user', true) AS me FROM product_sales",
  "CREATE VIEW found AS SELECT * FROM search_products('a')",
  'CREATE VIEW own_catalog AS SELECT relname FROM pg_class',
  'CREATE SCHEMA hdb_catalog CREATE TABLE event_log (id int)',
  'CREATE VIEW events AS SELECT * FROM hdb_catalog.event_log',
  'CREATE SCHEMA "odd_schema" CREATE TABLE "odd.name" (id int)',
  'CREATE TABLE parts (id int, kind int) PARTITION BY LIST (kind)',
  'CREATE TABLE parts_one PARTITION OF parts FOR VALUES IN (1)',
  "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
  `CREATE FUNCTION set_current_timestamp_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE _new record; BEGIN _new := NEW; _new."updated_at" = NOW(); RETURN _new; END $$`,
  `CREATE SCHEMA other CREATE TABLE log (id int)`,
  `CREATE FUNCTION other.set_current_timestamp_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO other.log VALUES (1); RETURN NEW; END $$`,
  `CREATE FUNCTION hdb_catalog.notify() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'`,
  'CREATE TRIGGER set_at BEFORE UPDATE ON product_categories FOR EACH ROW EXECUTE FUNCTION other.set_current_timestamp_updated_at()',
  'CREATE TRIGGER "notify_hasura_e_INSERT" AFTER INSERT ON order_items FOR EACH ROW EXECUTE FUNCTION audit()',
  'CREATE TRIGGER audit BEFORE UPDATE ON reviews FOR EACH ROW EXECUTE FUNCTION audit()',
  'CREATE TRIGGER set_at BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION set_current_timestamp_updated_at()',
  'CREATE TRIGGER "notify_hasura_e_INSERT" AFTER INSERT ON orgs FOR EACH ROW EXECUTE FUNCTION hdb_catalog.notify()',
  'CREATE TRIGGER off BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION audit()',
  'ALTER TABLE orders DISABLE TRIGGER off',
  'CREATE RULE log AS ON INSERT TO categories DO ALSO NOTIFY categories',
  'ALTER TABLE users ENABLE ROW LEVEL SECURITY',
  'CREATE TABLE pairs (a int, b int, PRIMARY KEY (a, b))',
  'CREATE TABLE named (name text COLLATE "C" PRIMARY KEY)',
  'CREATE TABLE keyed (b uuid, c varchar(9), a int8, PRIMARY KEY (c, a, b))',
  'CREATE TABLE pair_notes (b int, a int, FOREIGN KEY (a, b) REFERENCES pairs ON DELETE SET NULL ON UPDATE SET DEFAULT)',
  "CREATE FUNCTION search_products(search text, most int) RETURNS SETOF products LANGUAGE sql STABLE AS 'SELECT * FROM products'",
  "CREATE FUNCTION cheap() RETURNS SETOF products LANGUAGE sql STABLE AS 'SELECT * FROM products'",
]

describe('the catalog query', () => {
  let shop: Database
  let catalog: Catalog
  let text: string

  const read = async () => String((await shop.query(CATALOG_QUERY)).rows[0]?.['catalog'])
  beforeAll(async () => {
    shop = await openShop()
    for (const change of CHANGES) await shop.query(change)
    text = await read()
    catalog = parseCatalog(text)
  }, 120_000)
  afterAll(() => shop.close())

  const relation = (name: string) => catalog.relations.get(`public.${name}`)

  it('answers the same while nothing changes', async () => expect(await read()).toBe(text))

  it('tells foreign keys, their order of columns and their actions', () => {
    expect(relation('orders')?.foreignKeys).toEqual([
      { columns: ['user_id'], target: 'public.users' },
    ])
    expect(relation('pair_notes')?.foreignKeys).toEqual([
      { columns: ['a', 'b'], target: 'public.pairs' },
    ])
    expect(relation('pairs')?.references).toMatchObject([
      { from: 'public.pair_notes', onDelete: 'n', onUpdate: 'd' },
    ])
    expect(relation('products')?.references).toMatchObject([
      { from: 'public.order_items', onDelete: 'r' },
      { from: 'public.product_categories', onDelete: 'c' },
      { from: 'public.reviews', onDelete: 'c' },
    ])
  })

  it('tells primary keys in their order, with the types that tell values apart', () => {
    expect(relation('keyed')?.primaryKey).toEqual([
      { name: 'c', type: 'varchar' },
      { name: 'a', type: 'int8' },
      { name: 'b', type: 'uuid' },
    ])
    expect(relation('named')?.primaryKey).toEqual([{ name: 'name', type: null }])
    expect(relation('pair_notes')?.primaryKey).toEqual([])
    expect(relation('product_sales')?.primaryKey).toEqual([])
  })

  it('tells what views read', () => {
    expect(relation('product_sales')).toMatchObject({
      kind: 'view',
      readsFrom: ['public.order_items', 'public.orders', 'public.products'],
      callsFunctions: false,
      readsSession: false,
    })
    expect(relation('personal')).toMatchObject({
      readsFrom: ['public.product_sales'],
      readsSession: true,
    })
    expect(relation('found')?.callsFunctions).toBe(true)
    expect(relation('own_catalog')?.readsFrom).toEqual([])
    expect(relation('events')?.readsFrom).toEqual(['hdb_catalog.event_log'])
    expect(catalog.relations.has('hdb_catalog.event_log')).toBe(false)
    expect(relation('frozen')?.kind).toBe('other')
  })

  it('tells partitions, row-level security and odd names', () => {
    expect(relation('parts')?.kin).toEqual(['public.parts_one'])
    expect(relation('parts_one')?.kin).toEqual(['public.parts'])
    expect(relation('users')?.readsSession).toBe(true)
    expect(catalog.relations.get('odd_schema.odd.name')?.kind).toBe('table')
  })

  it.each([
    ['reviews', true],
    ['categories', true],
    ['product_categories', true],
    ['order_items', true],
    ['products', false],
    ['orgs', false],
    ['orders', false],
    ['users', false],
  ])('tells whether %s has triggers that may write: %s', (name, has) => {
    expect(relation(name)?.hasTriggers).toBe(has)
  })

  it('tells what functions return, of those that have no other of their name', () => {
    expect(catalog.functions.get('public.cheap')).toEqual({
      asksSession: false,
      isVolatile: false,
      returns: 'public.products',
    })
    expect(catalog.functions.get('public.audit')?.isVolatile).toBe(true)
    expect(catalog.functions.has('public.search_products')).toBe(false)
  })
})
