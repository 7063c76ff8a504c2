import { describe, expect, it } from 'vitest'
import { planOn, relationships, type TestUpstream, table, tag } from '../../../support/plan-of.ts'

const OWN = { user_id: { _eq: 'X-Hasura-User-Id' } }
const TABLES = ['users', 'orders', 'order_items', 'products', 'members', 'notes']

/** Orders belong to users, items to orders and products; all that a user sees of users is himself. */
const SHOP: TestUpstream = {
  tables: [
    table(
      'users',
      { user: { id: { _eq: 'X-Hasura-User-Id' } }, guest: {} },
      { array_relationships: relationships({ orders: 'orders' }) },
    ),
    table(
      'orders',
      { user: OWN, manager: { user: { org: { _eq: 'X-Hasura-Org-Id' } } } },
      {
        object_relationships: [{ name: 'user', using: { foreign_key_constraint_on: 'user_id' } }],
        array_relationships: relationships({ order_items: 'order_items' }),
      },
    ),
    table(
      'order_items',
      { user: { order: { _not: { note: { _is_null: true } } } }, guest: {} },
      { object_relationships: relationships({ order: 'orders', product: 'products' }) },
    ),
    table(
      'products',
      { user: {}, guest: {}, manager: {} },
      { array_relationships: relationships({ order_items: 'order_items' }) },
    ),
    table('members', { user: {} }),
    table('notes', {
      user: { _exists: { _table: 'members', _where: { org: { _eq: 'X-Hasura-Org-Id' } } } },
    }),
  ],
  catalog: {
    tables: TABLES,
    foreignKeys: [{ from: 'orders', columns: ['user_id'], to: 'users' }],
  },
}

const plan = planOn(SHOP)
const reads = (...names: string[]) => names.map(tag).sort()

describe('a query', () => {
  it('reads its table, and shares what no filter of the role restricts', () => {
    expect(plan('{ products { id name } }')).toEqual({
      sessionVariables: [],
      reads: reads('products'),
      writes: [],
      uncacheable: undefined,
    })
  })

  it.each([
    ['orders { id }'],
    ['orders_by_pk(id: 1) { id }'],
    ['orders_aggregate { aggregate { count } }'],
    ['mine: orders(limit: 3) { id }'],
  ])('is keyed by the session variables of the filter: %s', (field) => {
    const { sessionVariables, reads: read } = plan(`{ ${field} }`)
    expect([sessionVariables, read]).toEqual([['x-hasura-user-id'], reads('orders')])
  })

  it('is held back by no filter when an admin asks', () => {
    const { sessionVariables, reads: read } = plan('{ orders { id } }', { role: 'admin' })
    expect([sessionVariables, read]).toEqual([[], reads('orders')])
  })

  it('reads the tables that a filter looks at, without their own filters', () => {
    const { sessionVariables, reads: read } = plan('{ orders { id } }', { role: 'manager' })
    expect([sessionVariables, read]).toEqual([['x-hasura-org-id'], reads('orders', 'users')])
  })

  it('reads the table of an _exists', () => {
    const { sessionVariables, reads: read } = plan('{ notes { id } }')
    expect([sessionVariables, read]).toEqual([['x-hasura-org-id'], reads('members', 'notes')])
  })

  it.each([
    ['products { order_items { id } }', ['order_items', 'orders', 'products'], []],
    ['products { order_items_aggregate { nodes { id } } }', TABLES.slice(1, 4), []],
    ['products { orderItemsAggregate { nodes { id } } }', TABLES.slice(1, 4), []],
    [
      'products { order_items { order { user { id } } } }',
      ['users', 'orders', 'order_items', 'products'],
      ['x-hasura-user-id'],
    ],
    [
      'products_aggregate { nodes { order_items { order { id } } } }',
      ['orders', 'order_items', 'products'],
      ['x-hasura-user-id'],
    ],
  ])('follows relationships: %s', (field, tables, variables) => {
    const { sessionVariables, reads: read } = plan(`{ ${field} }`)
    expect([sessionVariables, read]).toEqual([variables, reads(...tables)])
  })

  it.each([
    ['where: {order_items: {order: {id: {_eq: 1}}}}'],
    ['where: {_or: [{id: {_eq: 1}}, {_not: {order_items: {order: {}}}}]}'],
    ['where: {order_items_aggregate: {count: {predicate: {_gt: 1}, filter: {order: {}}}}}'],
    ['order_by: {order_items_aggregate: {max: {id: asc}}, order_items: {order: {id: asc}}}'],
    ['order_by: [{order_items: {order: {id: desc}}}]'],
  ])('follows the relationships that arguments name: %s', (argument) => {
    const { sessionVariables, reads: read } = plan(`{ products(${argument}) { id } }`)
    expect([sessionVariables, read]).toEqual([
      ['x-hasura-user-id'],
      reads('orders', 'order_items', 'products'),
    ])
  })

  it('follows the arguments of nested fields', () => {
    const query = '{ products { order_items(where: {order: {id: {_eq: 1}}}) { id } } }'
    expect(plan(query).sessionVariables).toEqual(['x-hasura-user-id'])
  })

  it('takes columns and operators for neither', () => {
    const query = '{ products(where: {name: {_eq: "orders"}, tags: {_contains: {a: "b"}}}) { id } }'
    expect(plan(query).reads).toEqual(reads('products'))
  })

  it('adds up its root fields, and skips __typename', () => {
    const { sessionVariables, reads: read } = plan('{ __typename products { id } notes { id } }')
    expect([sessionVariables, read]).toEqual([
      ['x-hasura-org-id'],
      reads('products', 'notes', 'members'),
    ])
  })

  it.each(['{ __schema { types { name } } }', '{ products { id } __type(name: "x") { name } }'])(
    'is not cached when it introspects: %s',
    (query) => expect(plan(query).uncacheable).toBe('introspection'),
  )

  it('is not cached when it is a subscription', () => {
    expect(plan('subscription { products { id } }').uncacheable).toBe('not-a-query')
  })
})

describe('a query with variables', () => {
  const WHERE = 'query ($where: products_bool_exp) { products(where: $where) { id } }'
  const DEFAULTED = `query ($where: products_bool_exp = {order_items: {id: {_eq: 1}}}) {
    products(where: $where) { id }
  }`
  const PART =
    'query ($part: x) { products(where: {_and: [{order_items: {order: $part}}]}) { id } }'

  it.each<[string, object | undefined, readonly string[]]>([
    [WHERE, undefined, ['products']],
    [WHERE, { where: null }, ['products']],
    [WHERE, { where: { id: { _eq: 1 } } }, ['products']],
    [WHERE, { where: { order_items: {} } }, ['orders', 'order_items', 'products']],
    [WHERE, { where: [{ _not: { order_items: {} } }] }, ['orders', 'order_items', 'products']],
    [WHERE, { unused: { order_items: {} } }, ['products']],
    [DEFAULTED, undefined, ['orders', 'order_items', 'products']],
    [DEFAULTED, { where: {} }, ['products']],
    [PART, { part: {} }, ['orders', 'order_items', 'products']],
    [PART, { part: { user: {} } }, ['users', 'orders', 'order_items', 'products']],
  ])('%s with %j', (query, variables, tables) => {
    expect(plan(query, variables && { variables }).reads).toEqual(reads(...tables))
  })

  it('adds the session variables of what they name', () => {
    const variables = { where: { order_items: { order: {} } } }
    expect(plan(WHERE, { variables }).sessionVariables).toEqual(['x-hasura-user-id'])
  })

  it('remembers plans by what the variables name', () => {
    const one = plan(WHERE, { variables: { where: { order_items: { id: { _eq: 1 } } } } })
    const other = plan(WHERE, { variables: { where: { _or: [{ order_items: {} }] } } })
    expect(other).toBe(one)
    expect(plan(WHERE)).toBe(plan(WHERE, { variables: { where: { id: { _eq: 2 } } } }))
  })

  it('works out what is beyond the plans it remembers', () => {
    const fields = Array.from({ length: 6 }, (_, index) => `t${index}`)
    const many = planOn({
      tables: [
        table(
          'hub',
          { user: {} },
          {
            array_relationships: relationships(
              Object.fromEntries(fields.map((field) => [field, field])),
            ),
          },
        ),
        ...fields.map((field) => table(field, { user: {} })),
      ],
      catalog: { tables: ['hub', ...fields] },
    })
    for (let bits = 0; bits < 2 ** fields.length; bits += 1) {
      const named = fields.filter((_, index) => (bits & (2 ** index)) !== 0)
      const variables = { where: Object.fromEntries(named.map((field) => [field, {}])) }
      const query = 'query ($where: x) { hub(where: $where) { id } }'
      expect(many(query, { variables }).reads).toEqual(reads('hub', ...named))
    }
  })
})

describe('what is not known', () => {
  const UNKNOWN = { sessionVariables: 'all', reads: ['any-write'], uncacheable: undefined }

  it.each([
    ['a root field', '{ nothing { id } }', 'user'],
    ['rows that the role may not select', '{ orders { id } }', 'guest'],
    ['a role', '{ orders { id } }', 'nobody'],
  ])('is keyed by the whole session and dies with any write: %s', (_, query, role) => {
    expect(plan(query, { role })).toMatchObject(UNKNOWN)
  })

  it('is a field with fields of its own that is no relationship', () => {
    const { sessionVariables, reads: read } = plan('{ products { mystery { id } } }')
    expect([sessionVariables, read]).toEqual(['all', ['any-write', tag('products')]])
  })

  it('is where a foreign key leads, without the catalog', () => {
    const { sessionVariables, reads: read } = planOn({ ...SHOP, catalog: undefined })(
      '{ orders { user { id } } }',
    )
    expect([sessionVariables, read]).toEqual(['all', ['any-write', tag('orders')]])
  })

  it('is a relationship that a variable names and no metadata resolves', () => {
    const variables = { where: { user: {} } }
    const query = 'query ($where: x) { orders(where: $where) { id } }'
    const lacking = planOn({ ...SHOP, catalog: { tables: TABLES } })
    expect(lacking(query, { variables }).sessionVariables).toBe('all')
  })
})
