import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestShop, type Shop } from '../../support/demo-shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openTestShop()
}, 60_000)
afterAll(() => shop.close())

const user = (id: number) => ({ role: 'user', 'x-hasura-user-id': String(id) })
const manager = (org: number) => ({ role: 'manager', 'x-hasura-org-id': String(org) })
const admin = { role: 'admin' }
const anonymous = { role: 'anonymous' }

describe('a list', () => {
  it('answers the fields in the order and under the keys asked for', async () => {
    const text = await shop.text(
      admin,
      '{ users(limit: 1, order_by: {id: asc}) { mail: email id __typename } }',
    )
    expect(text).toBe(
      '{"data":{"users":[{"mail":"user1@example.com","id":1,"__typename":"users"}]}}',
    )
  })

  it.each([
    ['{id: {_eq: 3}}', [3]],
    ['{id: {_in: [5, 4]}}', [4, 5]],
    ['{id: {_in: []}}', []],
    ['{id: {_lte: 2}, name: {_neq: "x"}}', [1, 2]],
    ['{_and: []}', 'all'],
    ['{}', 'all'],
    ['{_or: []}', []],
    ['{_not: {}}', []],
    ['{_or: [{id: {_eq: 1}}, {id: {_eq: 9}}]}', [1, 9]],
    ['{_not: {id: {_gt: 2}}}', [1, 2]],
    ['{id: {_lt: 3}, email: {_like: "user%"}}', [1, 2]],
    ['{id: {_lt: 3}, email: {_ilike: "USER1@%"}}', [1]],
    ['{id: {_lt: 3}, email: {_nlike: "user1@%"}}', [2]],
    ['{email: {_regex: "^user[12]@"}}', [1, 2]],
    ['{email: {_iregex: "^USER2@"}}', [2]],
    ['{email: {_similar: "user(1|3)@%"}}', [1, 3]],
    ['{id: {_lt: 3}, created_at: {_gt: "2024-02-01T12:00:00Z"}}', [2]],
    ['{org: {name: {_eq: "Acme"}}, id: {_lt: 10}}', [1, 9]],
    ['{id: {_lt: 30}, orders: {total: {_gt: 500}}}', 'some'],
    ['{id: {_lt: 9}, orders_aggregate: {count: {predicate: {_gt: 5}}}}', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['{id: {_lt: 9}, orders_aggregate: {count: {predicate: {_gt: 6}}}}', []],
  ])('where %s', async (where, expected) => {
    const { users } = await shop.data(
      admin,
      `{ users(where: ${where}, order_by: {id: asc}) { id } }`,
    )
    const ids = users.map(({ id }: { id: number }) => id)
    if (expected === 'all') expect(ids).toHaveLength(200)
    else if (expected === 'some') expect(ids.length).toBeGreaterThan(0)
    else expect(ids).toEqual(expected)
  })

  it.each([
    ['{active: {_eq: false}}', 25],
    ['{sku: {_eq: "ac70f3e2-ecd6-1444-51ae-407535f90524"}}', 1],
    ['{description: {_is_null: true}}', 45],
    ['{description: {_is_null: false}}', 455],
    ['{tags: {_contains: ["sale"]}}', 250],
    ['{tags: {_has_key: "new"}}', 250],
    ['{tags: {_has_keys_any: ["new", "sale"]}}', 375],
    ['{tags: {_has_keys_all: ["new", "sale"]}}', 125],
    ['{attributes: {_contains: {color: "red"}}}', 100],
    ['{attributes: {_contained_in: {color: "red"}}}', 0],
    ['{tags: {_eq: ["sale"]}}', 125],
    ['{tags: {_in: [["sale"], ["new"]]}}', 250],
    ['{barcode: {_eq: 9007199254741993}}', 1],
    ['{price: {_gt: 200.5}}', 'some'],
    ['{product_categories: {category: {name: {_eq: "Toys"}}}}', 'some'],
  ])('products where %s', async (where, expected) => {
    const query = `{ products_aggregate(where: ${where}) { aggregate { count } } }`
    const { products_aggregate: answer } = await shop.data(admin, query)
    if (expected === 'some') expect(answer.aggregate.count).toBeGreaterThan(0)
    else expect(answer.aggregate.count).toBe(expected)
  })

  it('orders by columns, related columns and aggregates', async () => {
    const { users } = await shop.data(
      admin,
      '{ users(limit: 3, order_by: [{org: {name: desc}}, {orders_aggregate: {count: desc}}, {orders_aggregate: {max: {total: asc_nulls_first}}}, {id: desc}]) { org { name } } }',
    )
    expect(users.map((row: { org: { name: string } }) => row.org.name)).toEqual([
      'Wayne',
      'Wayne',
      'Wayne',
    ])
  })

  it.each(['{name: desc, id: asc}', '{id: asc, name: desc}'])(
    'orders by the fields of one object in the order of their names: %s',
    async (order) => {
      const query = `{ categories(limit: 2, order_by: ${order}) { id } }`
      expect(await shop.data(admin, query)).toEqual({ categories: [{ id: 1 }, { id: 2 }] })
    },
  )

  it('cuts with limit, offset and distinct_on', async () => {
    const page = '{ users(order_by: {id: asc}, limit: 2, offset: 10) { id } }'
    expect(await shop.data(admin, page)).toEqual({ users: [{ id: 11 }, { id: 12 }] })
    const first =
      '{ users(distinct_on: org_id, order_by: [{org_id: asc}, {id: desc}], limit: 2) { org_id id } }'
    expect(await shop.data(admin, first)).toEqual({
      users: [
        { org_id: 1, id: 193 },
        { org_id: 2, id: 194 },
      ],
    })
  })

  it('reaches through relationships in one statement', async () => {
    shop.database.statements.length = 0
    const { orders } = await shop.data(
      admin,
      `{ orders(limit: 5, order_by: {id: asc}) {
        id user { org { name } }
        order_items(order_by: {id: asc}) { quantity product { name sales { units_sold } product_categories { category { name } } } }
        order_items_aggregate { aggregate { count sum { quantity } } nodes { id } }
      } }`,
    )
    expect(orders).toHaveLength(5)
    expect(orders[0].order_items).toHaveLength(2)
    expect(orders[0].order_items_aggregate).toEqual({
      aggregate: { count: 2, sum: { quantity: 5 } },
      nodes: [{ id: 1 }, { id: 2 }],
    })
    expect(shop.database.statements).toHaveLength(1)
  })

  it('keeps every digit of a number and the text of JSON', async () => {
    const query =
      '{ products_by_pk(id: 1) { barcode price attributes tags color: attributes(path: "$.color") w: attributes(path: "dimensions.w") } }'
    expect(await shop.text(admin, query)).toBe(
      '{"data":{"products_by_pk":{"barcode":9007199254741993,"price":81.18,"attributes":{"color": "green", "weight_g": 137, "dimensions": {"h": 1, "w": 1}},"tags":["sale"],"color":"green","w":1}}}',
    )
  })

  it('takes response keys longer than a Postgres name', async () => {
    const key = 'k'.repeat(80)
    expect(await shop.data(admin, `{ users_by_pk(id: 1) { ${key}: id ${key}2: name } }`)).toEqual({
      users_by_pk: { [key]: 1, [`${key}2`]: 'Alan Turing' },
    })
  })
})

describe('by_pk, aggregates and functions', () => {
  it('answers null for a row that is not there', async () => {
    expect(await shop.data(admin, '{ users_by_pk(id: 100000) { id } }')).toEqual({
      users_by_pk: null,
    })
  })

  it('takes a composite key', async () => {
    const query = '{ product_categories_by_pk(product_id: 1, category_id: 2) { product { id } } }'
    expect(await shop.data(admin, query)).toEqual({
      product_categories_by_pk: { product: { id: 1 } },
    })
  })

  it.each([
    ['aggregate { count @skip(if: true) }', { aggregate: {} }],
    ['__typename', { __typename: 'users_aggregate' }],
  ])('gives one answer for many rows without an aggregate: %s', async (fields, expected) => {
    const query = `{ users_aggregate { ${fields} } }`
    expect(await shop.data(admin, query)).toEqual({ users_aggregate: expected })
  })

  it('computes every aggregate', async () => {
    const { users_aggregate: all } = await shop.data(
      admin,
      `{ users_aggregate(where: {id: {_lte: 4}}) { aggregate {
        count distinct: count(columns: org_id, distinct: true) both: count(columns: [id, org_id], distinct: true)
        sum { id } avg { id } min { id name created_at } max { id } stddev { id } stddev_pop { id } stddev_samp { id }
        var_pop { id } var_samp { id } variance { id } __typename } nodes { id } __typename } }`,
    )
    expect(all.aggregate).toMatchObject({
      count: 4,
      distinct: 4,
      both: 4,
      sum: { id: 10 },
      avg: { id: 2.5 },
      min: { id: 1, name: 'Alan Turing' },
      max: { id: 4 },
      var_pop: { id: 1.25 },
      __typename: 'users_aggregate_fields',
    })
    expect(all.nodes).toHaveLength(4)
  })

  it('calls a function as a table', async () => {
    const query = `query ($s: String) { search_products(args: {search: $s}, where: {active: {_eq: true}}, order_by: {id: desc}, limit: 2) { id name }
      search_products_aggregate(args: {search: $s}) { aggregate { count } } }`
    const { search_products: found, search_products_aggregate: all } = await shop.data(
      user(1),
      query.replace('where: {active: {_eq: true}}, ', ''),
      { s: 'kettle' },
    )
    expect(found).toHaveLength(2)
    expect(all.aggregate.count).toBeGreaterThan(40)
    expect(found[0].name).toMatch(/kettle/)
  })

  it('refuses a call without an argument that has no default', async () => {
    expect(await shop.error(admin, '{ search_products(args: {}) { id } }')).toMatchObject({
      message: 'Non default arguments cannot be omitted',
      extensions: { code: 'not-supported' },
    })
  })

  it('reads a view', async () => {
    const { product_sales: rows } = await shop.data(
      manager(1),
      '{ product_sales(limit: 1, order_by: {product_id: asc}) { product_id orders_count units_sold revenue product { id } } }',
    )
    expect(rows).toEqual([
      { product_id: 1, orders_count: 4, units_sold: 4, revenue: 324.72, product: { id: 1 } },
    ])
  })
})

describe('permissions', () => {
  it('show a user only what is theirs', async () => {
    const { users, orders } = await shop.data(user(14), '{ users { id } orders { user_id } }')
    expect(users).toEqual([{ id: 14 }])
    expect(orders.length).toBeGreaterThan(0)
    expect(orders.every((row: { user_id: number }) => row.user_id === 14)).toBe(true)
  })

  it('hold on the far side of a relationship', async () => {
    const { reviews } = await shop.data(
      user(4),
      '{ reviews(where: {id: {_in: [1, 2]}}, order_by: {id: asc}) { id author { id } } }',
    )
    expect(reviews).toEqual([
      { id: 1, author: { id: 4 } },
      { id: 2, author: null },
    ])
  })

  it('hold inside where: rows a role cannot read do not count', async () => {
    const query = '{ reviews(where: {author: {id: {_gt: 0}}}) { user_id } }'
    const { reviews } = await shop.data(user(4), query)
    expect(new Set(reviews.map((row: { user_id: number }) => row.user_id))).toEqual(new Set([4]))
  })

  it('give the managers of two orgs different users', async () => {
    const query = '{ users_aggregate { aggregate { count } nodes { org_id } } }'
    const { users_aggregate: all } = await shop.data(manager(2), query)
    expect(all.aggregate.count).toBe(25)
    expect(all.nodes.every((row: { org_id: number }) => row.org_id === 2)).toBe(true)
  })

  it('need no session variable for products', async () => {
    const { products } = await shop.data({ role: 'user' }, '{ products(limit: 1) { id } }')
    expect(products).toHaveLength(1)
  })

  it('cut at the limit of the role, or at a smaller one', async () => {
    const { a, b, c } = await shop.data(
      anonymous,
      '{ a: products { id } b: products(limit: 3) { id } c: products(limit: 100) { id } }',
    )
    expect([a.length, b.length, c.length]).toEqual([20, 3, 20])
  })

  it('say which session variable is missing', async () => {
    expect(await shop.error({ role: 'user' }, '{ orders { id } }')).toEqual({
      message: 'missing session variable: "x-hasura-user-id"',
      extensions: { path: '$', code: 'not-found' },
    })
  })

  it.each([
    [
      anonymous,
      '{ users { id } }',
      "field 'users' not found in type: 'query_root'",
      '$.selectionSet.users',
    ],
    [
      anonymous,
      '{ products { stock } }',
      "field 'stock' not found in type: 'products'",
      '$.selectionSet.products.selectionSet.stock',
    ],
    [
      anonymous,
      '{ products_aggregate { aggregate { count } } }',
      "field 'products_aggregate' not found in type: 'query_root'",
      '$.selectionSet.products_aggregate',
    ],
    [
      anonymous,
      '{ products(where: {stock: {_eq: 1}}) { id } }',
      "field 'stock' not found in type: 'products_bool_exp'",
      '$.selectionSet.products.args.where.stock',
    ],
    [
      anonymous,
      'mutation { delete_users(where: {}) { affected_rows } }',
      'no mutations exist',
      '$',
    ],
    [
      { role: 'nobody' },
      '{ products { id } }',
      "field 'products' not found in type: 'query_root'",
      '$.selectionSet.products',
    ],
    [
      user(1),
      'mutation { delete_users(where: {}) { affected_rows } }',
      "field 'delete_users' not found in type: 'mutation_root'",
      '$.selectionSet.delete_users',
    ],
  ])('hide what they do not allow: %o %s', async (session, query, message, path) => {
    expect(await shop.error(session, query)).toEqual({
      message,
      extensions: { path, code: 'validation-failed' },
    })
  })
})

describe('a request', () => {
  it('keeps the digits of a number in its variables', async () => {
    const query = 'query ($b: bigint!) { products(where: {barcode: {_eq: $b}}) { id } }'
    const answer = await shop.executor.execute(
      { query, variablesText: '{"b": 9007199254741993}' },
      shop.session(admin),
      'http',
    )
    expect(answer).toEqual({ status: 200, body: '{"data":{"products":[{"id":1}]}}' })
  })

  it('uses fragments, directives, defaults and merges equal keys', async () => {
    const query = `query Q($no: Boolean = false, $ids: [Int!] = 7) @cached(ttl: 5, refresh: true) {
      ...root
      users(where: {id: {_in: $ids}}) { name @skip(if: true) }
    }
    fragment root on query_root { users(where: {id: {_in: $ids}}) { ... on users { id } email @include(if: $no) } }`
    expect(await shop.data(admin, query)).toEqual({ users: [{ id: 7 }] })
  })

  it('takes one value for a list, also from a variable', async () => {
    const query =
      'query ($w: users_bool_exp, $o: [users_order_by!]) { users(where: $w, order_by: $o) { id } }'
    const variables = { w: { _or: { id: { _in: 3 } } }, o: { id: 'desc' } }
    expect(await shop.data(admin, query, variables)).toEqual({ users: [{ id: 3 }] })
  })

  it.each([
    [
      '{ users(where: {id: {_eq: "x"}}) { id } }',
      'validation-failed',
      "expected a 32-bit integer for type 'Int', but found a string",
      '$.selectionSet.users.args.where.id._eq',
    ],
    [
      '{ users(where: {id: {_eq: null}}) { id } }',
      'validation-failed',
      "unexpected null value for type 'Int'",
      '$.selectionSet.users.args.where.id._eq',
    ],
    [
      '{ users(limit: -1) { id } }',
      'validation-failed',
      "expected a non-negative 32-bit integer for type 'Int', but found an integer",
      '$.selectionSet.users.args.limit',
    ],
    [
      '{ users(where: {id: {_eq: 3000000000}}) { id } }',
      'parse-failed',
      'The value 3000000000 lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?',
      '$.selectionSet.users.args.where.id._eq',
    ],
    [
      '{ products(where: {sku: {_eq: "x"}}) { id } }',
      'data-exception',
      'invalid input syntax for type uuid: "x"',
      '$',
    ],
    [
      '{ users(order_by: {id: up}) { id } }',
      'validation-failed',
      "expected one of the values ['asc', 'asc_nulls_first', 'asc_nulls_last', 'desc', 'desc_nulls_first', 'desc_nulls_last'] for type 'order_by', but found 'up'",
      '$.selectionSet.users.args.order_by.id',
    ],
    [
      '{ users(foo: 1) { id } }',
      'validation-failed',
      "'users' has no argument named 'foo'",
      '$.selectionSet.users',
    ],
    [
      '{ users_by_pk { id } }',
      'validation-failed',
      "missing required field 'id'",
      '$.selectionSet.users_by_pk.args.id',
    ],
    ['{ users }', 'validation-failed', "missing selection set for 'users'", '$.selectionSet.users'],
    [
      '{ users { id { x } } }',
      'validation-failed',
      'unexpected subselection set for non-object field',
      '$.selectionSet.users.selectionSet.id',
    ],
    [
      '{ users(distinct_on: name, order_by: {id: asc}) { id } }',
      'validation-failed',
      '"distinct_on" columns must match initial "order_by" columns',
      '$.selectionSet.users.args',
    ],
    ['{ users { ', 'validation-failed', 'not a valid graphql query', '$.query'],
    [
      'subscription { users { id } }',
      'unexpected-payload',
      'subscriptions are not supported over HTTP, use websockets instead',
      '$',
    ],
    [
      'mutation @cached { delete_users(where: {}) { affected_rows } }',
      'validation-failed',
      "directive 'cached' is not allowed on a mutation",
      '$',
    ],
    [
      'query ($a: Int!) { users_by_pk(id: $a) { id } }',
      'validation-failed',
      'expecting a value for non-nullable variable: "a"',
      '$.variableValues',
    ],
  ])('is refused: %s', async (query, code, message, path) => {
    expect(await shop.error(admin, query)).toEqual({ message, extensions: { path, code } })
  })

  it('is answered over a WebSocket when it subscribes', async () => {
    const request = { query: 'subscription { users_by_pk(id: 1) { id } }' }
    expect(shop.executor.isSubscription(request)).toBe(true)
    const answer = await shop.executor.execute(request, shop.session(admin), 'websocket')
    expect(answer.body).toBe('{"data":{"users_by_pk":{"id":1}}}')
  })
})
