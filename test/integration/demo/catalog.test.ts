import { getIntrospectionQuery, validateSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCatalog } from '../../../src/demo/catalog.ts'
import { suggestRelationships } from '../../../src/demo/suggest-relationships.ts'
import { openTestShop, type Shop } from '../../support/demo-shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openTestShop()
}, 60_000)
afterAll(() => shop.close())

const ROLES = ['admin', 'manager', 'user', 'anonymous', 'nobody']

describe('the catalogue', () => {
  it('knows columns, keys and functions', () => {
    const items = shop.catalog.tables.get('public.order_items')
    expect(items?.primaryKey).toEqual(['id'])
    expect(items?.uniqueConstraints).toEqual([
      'order_items_order_id_product_id_key',
      'order_items_pkey',
    ])
    expect(items?.columns.get('unit_price')).toEqual({
      name: 'unit_price',
      type: 'numeric',
      sqlType: 'numeric',
      nullable: false,
    })
    expect(shop.catalog.functions.get('public.search_products')).toMatchObject({
      volatility: 'stable',
      returns: 'public.products',
      arguments: [{ name: 'search', type: 'text', hasDefault: false }],
    })
  })

  it('suggests both directions of a foreign key', () => {
    const suggested = suggestRelationships(shop.catalog, shop.metadata, { omitTracked: false })
    const users = { schema: 'public', name: 'users' }
    const orders = { schema: 'public', name: 'orders' }
    expect(suggested).toContainEqual({
      type: 'object',
      from: { table: orders, columns: ['user_id'], constraint_name: 'orders_user_id_fkey' },
      to: { table: users, columns: ['id'] },
    })
    expect(suggested).toContainEqual({
      type: 'array',
      from: { table: users, columns: ['id'] },
      to: { table: orders, columns: ['user_id'], constraint_name: 'orders_user_id_fkey' },
    })
    expect(suggested).toHaveLength(2 * shop.catalog.foreignKeys.length)
  })

  it('leaves out what is tracked', () => {
    expect(suggestRelationships(shop.catalog, shop.metadata, { omitTracked: true })).toEqual([])
  })

  it('lets the executor follow a change of the tables', async () => {
    await shop.database.query('ALTER TABLE orgs ADD COLUMN motto text')
    const query = '{ orgs(limit: 1) { motto } }'
    const admin = { role: 'admin' }
    expect(await shop.error(admin, query)).toMatchObject({
      message: "field 'motto' not found in type: 'orgs'",
    })
    shop.executor.reload(await readCatalog(shop.database))
    expect(await shop.data(admin, query)).toEqual({ orgs: [{ motto: null }] })
  })
})

describe('the schema', () => {
  it.each(ROLES)('of %s is valid GraphQL', (role) => {
    expect(validateSchema(shop.executor.schemaOf(role))).toEqual([])
  })

  it('has the root fields of Hasura', () => {
    const schema = shop.executor.schemaOf('admin')
    const fields = (type: 'query' | 'mutation') =>
      Object.keys(
        (type === 'query' ? schema.getQueryType() : schema.getMutationType())?.getFields() ?? {},
      ).filter((name) => name.includes('products'))
    expect(fields('query')).toEqual([
      'products',
      'products_aggregate',
      'products_by_pk',
      'search_products',
      'search_products_aggregate',
    ])
    expect(fields('mutation')).toEqual([
      'insert_products',
      'insert_products_one',
      'update_products',
      'update_products_many',
      'update_products_by_pk',
      'delete_products',
      'delete_products_by_pk',
    ])
  })

  it('answers introspection beside data, per role', async () => {
    const { __schema: schema } = await shop.data({ role: 'user' }, getIntrospectionQuery())
    const names = schema.types.map(({ name }: { name: string }) => name)
    expect(names).toContain('orders_insert_input')
    expect(names).not.toContain('users_insert_input')
    const query = `query ($t: String!) { __typename t: __type(name: $t) { ...f } orgs(limit: 1) { id } }
      fragment f on __Type { name kind fields { name } }`
    expect(
      await shop.data({ role: 'admin' }, query, { t: 'product_sales_mutation_response' }),
    ).toEqual({
      __typename: 'query_root',
      t: null,
      orgs: [{ id: 1 }],
    })
    expect(
      await shop.data({ role: 'anonymous' }, query.replace('orgs(limit: 1) { id }', ''), {
        t: 'categories',
      }),
    ).toEqual({
      __typename: 'query_root',
      t: { name: 'categories', kind: 'OBJECT', fields: [{ name: 'id' }, { name: 'name' }] },
    })
  })
})
