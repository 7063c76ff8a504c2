import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestShop, type Shop } from '../../support/demo-shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openTestShop()
}, 60_000)
afterAll(() => shop.close())

const admin = { role: 'admin' }
const user = (id: number) => ({ role: 'user', 'x-hasura-user-id': String(id) })
const manager = (org: number) => ({ role: 'manager', 'x-hasura-org-id': String(org) })

const insertCategory = (name: string) =>
  shop.data(admin, 'mutation ($n: String!) { insert_categories_one(object: {name: $n}) { id } }', {
    n: name,
  })

describe('insert', () => {
  it('writes many rows in one statement and returns them as written', async () => {
    shop.database.statements.length = 0
    const answer = await shop.data(
      admin,
      `mutation { insert_products(objects: [
        {name: "A", price: 1.50, tags: ["x"], barcode: 9007199254740995}, {name: "B", price: 2, stock: 3}
      ]) { affected_rows returning { name price stock tags active } __typename } }`,
    )
    expect(answer.insert_products).toEqual({
      affected_rows: 2,
      returning: [
        { name: 'A', price: 1.5, stock: 0, tags: ['x'], active: true },
        { name: 'B', price: 2, stock: 3, tags: [], active: true },
      ],
      __typename: 'products_mutation_response',
    })
    const inserts = shop.database.statements.filter((text) => text.includes('INSERT'))
    expect(inserts).toHaveLength(1)
  })

  it('keeps the digits of numbers and the quotes of text', async () => {
    const query = `mutation ($p: products_insert_input!) {
      insert_products_one(object: $p) { name barcode price attributes } }`
    const variablesText =
      '{"p": {"name": "it\'s \\"$1\\" \\\\ {}", "barcode": 9007199254740997, "price": 0.10000000000000000000000001, "attributes": {"n": 12345678901234567890}}}'
    const answer = await shop.executor.execute(
      { query, variablesText },
      shop.session(admin),
      'http',
    )
    expect(answer.body).toBe(
      '{"data":{"insert_products_one":{"name":"it\'s \\"$1\\" \\\\ {}","barcode":9007199254740997,"price":0.10000000000000000000000001,"attributes":{"n": 12345678901234567890}}}}',
    )
  })

  it('takes no objects at all', async () => {
    const query = 'mutation { insert_orgs(objects: []) { affected_rows returning { id } } }'
    expect(await shop.data(admin, query)).toEqual({
      insert_orgs: { affected_rows: 0, returning: [] },
    })
  })

  it('sets the presets of the role', async () => {
    const query = `mutation { insert_orders_one(object: {note: "mine"}) { user_id status note } }`
    expect(await shop.data(user(5), query)).toEqual({
      insert_orders_one: { user_id: 5, status: 'pending', note: 'mine' },
    })
    const forged = 'mutation { insert_orders_one(object: {user_id: 6}) { id } }'
    expect(await shop.error(user(5), forged)).toMatchObject({
      message: "field 'user_id' not found in type: 'orders_insert_input'",
    })
  })

  it('nests array relationships, one statement a level, and reads them back', async () => {
    shop.database.statements.length = 0
    const query = `mutation { insert_orders(objects: [
      {note: "n1", order_items: {data: [{product_id: 1, quantity: 2, unit_price: 3.5}, {product_id: 2, unit_price: 1}]}}
      {note: "n2", order_items: {data: [{product_id: 3, unit_price: 9}]}}
    ]) { affected_rows returning { note user { id } order_items(order_by: {product_id: asc}) { product_id quantity } } } }`
    const { insert_orders: answer } = await shop.data(user(6), query)
    expect(answer).toEqual({
      affected_rows: 5,
      returning: [
        {
          note: 'n1',
          user: { id: 6 },
          order_items: [
            { product_id: 1, quantity: 2 },
            { product_id: 2, quantity: 1 },
          ],
        },
        { note: 'n2', user: { id: 6 }, order_items: [{ product_id: 3, quantity: 1 }] },
      ],
    })
    const inserts = shop.database.statements.filter((text) => text.includes('INSERT'))
    expect(inserts).toHaveLength(2)
  })

  it('nests object relationships before the row that needs their key', async () => {
    const query = `mutation { insert_product_categories(objects: [
      {product_id: 10, category: {data: {name: "Nested one"}}}
      {product_id: 11, category: {data: {name: "Nested two", product_categories: {data: [{product_id: 12}]}}}}
    ]) { affected_rows returning { product_id category { name product_categories_aggregate { aggregate { count } } } } } }`
    const { insert_product_categories: answer } = await shop.data(admin, query)
    expect(answer).toEqual({
      affected_rows: 5,
      returning: [
        {
          product_id: 10,
          category: {
            name: 'Nested one',
            product_categories_aggregate: { aggregate: { count: 1 } },
          },
        },
        {
          product_id: 11,
          category: {
            name: 'Nested two',
            product_categories_aggregate: { aggregate: { count: 2 } },
          },
        },
      ],
    })
  })

  it('refuses a key given twice: by the column and by the relationship', async () => {
    const query = `mutation { insert_product_categories_one(object:
      {product_id: 1, category_id: 1, category: {data: {name: "Twice"}}}) { product_id } }`
    expect(await shop.error(admin, query)).toMatchObject({
      extensions: { code: 'not-supported' },
    })
  })
})

describe('on_conflict', () => {
  const upsert = (columns: string, where = '') => `mutation { insert_categories(
    objects: [{name: "Toys"}, {name: "Upserted"}]
    on_conflict: {constraint: categories_name_key, update_columns: ${columns} ${where}}
  ) { affected_rows returning { name } } }`

  it('leaves existing rows alone without update_columns', async () => {
    expect(await shop.data(admin, upsert('[]'))).toEqual({
      insert_categories: { affected_rows: 1, returning: [{ name: 'Upserted' }] },
    })
  })

  it('updates the columns named, where the condition holds', async () => {
    const { insert_categories: all } = await shop.data(admin, upsert('[name]'))
    expect(all.affected_rows).toBe(2)
    const { insert_categories: none } = await shop.data(
      admin,
      upsert('[name]', 'where: {id: {_lt: 0}}'),
    )
    expect(none.affected_rows).toBe(0)
  })

  it('answers null for a single row that was left alone', async () => {
    const query = `mutation { insert_categories_one(object: {name: "Toys"},
      on_conflict: {constraint: categories_name_key}) { id } }`
    expect(await shop.data(admin, query)).toEqual({ insert_categories_one: null })
  })

  it('does not reach rows that the role may not update', async () => {
    const query = (user_review: number) => `mutation { insert_reviews_one(
      object: {product_id: ${user_review}, rating: 1, body: "changed"},
      on_conflict: {constraint: reviews_pkey, update_columns: [body]}) { user_id body } }`
    const { insert_reviews_one: row } = await shop.data(user(199), query(499))
    expect(row).toEqual({ user_id: 199, body: 'changed' })
  })

  it('finds nested rows that exist', async () => {
    const query = `mutation { insert_product_categories(objects: [
      {product_id: 20, category: {data: {name: "Toys"}, on_conflict: {constraint: categories_name_key, update_columns: [name]}}}
      {product_id: 21, category: {data: {name: "Toys"}, on_conflict: {constraint: categories_name_key, update_columns: [name]}}}
    ], on_conflict: {constraint: product_categories_pkey, update_columns: [category_id]}) { returning { category_id } } }`
    const { insert_product_categories: answer } = await shop.data(admin, query)
    expect(answer.returning).toEqual([{ category_id: 5 }, { category_id: 5 }])
  })
})

describe('update', () => {
  it('sets, increments and returns', async () => {
    const query = `mutation { update_products(where: {id: {_in: [30, 31]}}, _set: {name: "renamed"}, _inc: {stock: 5}) {
      affected_rows returning { name } } }`
    expect(await shop.data(manager(1), query)).toEqual({
      update_products: { affected_rows: 2, returning: [{ name: 'renamed' }, { name: 'renamed' }] },
    })
  })

  it('changes JSON in place', async () => {
    const step = (operators: string) =>
      shop.data(
        admin,
        `mutation { update_products_by_pk(pk_columns: {id: 32}, ${operators}) { attributes tags } }`,
      )
    await step('_set: {attributes: {a: 1, b: {c: 2, d: 3}}, tags: ["one", "two"]}')
    await step('_append: {attributes: {e: 4}, tags: "three"}')
    await step('_prepend: {tags: "zero"}')
    await step('_delete_key: {attributes: "a"}')
    await step('_delete_elem: {tags: 1}')
    const { update_products_by_pk: row } = await step('_delete_at_path: {attributes: ["b", "c"]}')
    expect(row).toEqual({ attributes: { b: { d: 3 }, e: 4 }, tags: ['zero', 'two', 'three'] })
  })

  it('by_pk answers the row, or null', async () => {
    const query = (id: number) =>
      `mutation { update_users_by_pk(pk_columns: {id: ${id}}, _set: {name: "New"}) { id name org { id } } }`
    const own = await shop.data({ ...user(9) }, query(9))
    expect(own).toEqual({ update_users_by_pk: { id: 9, name: 'New', org: { id: 1 } } })
    expect(await shop.data(user(9), query(10))).toEqual({ update_users_by_pk: null })
  })

  it('many runs one after the other, each seeing the ones before', async () => {
    const query = `mutation { update_products_many(updates: [
      {where: {id: {_eq: 40}}, _set: {stock: 1}}, {where: {id: {_eq: 40}, stock: {_eq: 1}}, _inc: {stock: 1}}
    ]) { affected_rows returning { stock } } }`
    expect(await shop.data(admin, query)).toEqual({
      update_products_many: [
        { affected_rows: 1, returning: [{ stock: 1 }] },
        { affected_rows: 1, returning: [{ stock: 2 }] },
      ],
    })
  })

  it('touches no row when there is nothing to set', async () => {
    const query =
      'mutation { update_products(where: {}, _set: {}) { affected_rows returning { id } } }'
    expect(await shop.data(admin, query)).toEqual({
      update_products: { affected_rows: 0, returning: [] },
    })
  })

  it.each([
    ['where: {}', /^at least any one of _append, .*_set operator is expected$/],
    [
      'where: {}, _set: {stock: 1}, _inc: {stock: 1}',
      /^Column found in multiple operators: "stock"\.$/,
    ],
  ])('refuses %s', async (args, message) => {
    const query = `mutation { update_products(${args}) { affected_rows } }`
    const error = await shop.error(admin, query)
    expect(error.message).toMatch(message)
    expect(error.extensions).toEqual({
      code: 'validation-failed',
      path: '$.selectionSet.update_products.args',
    })
  })
})

describe('delete', () => {
  it('returns what it deleted', async () => {
    const { insert_categories_one: created } = await insertCategory('to delete')
    const query = `mutation { delete_categories(where: {id: {_eq: ${created.id}}}) { affected_rows returning { name } } }`
    expect(await shop.data(admin, query)).toEqual({
      delete_categories: { affected_rows: 1, returning: [{ name: 'to delete' }] },
    })
    const again = `mutation { delete_categories_by_pk(id: ${created.id}) { id } }`
    expect(await shop.data(admin, again)).toEqual({ delete_categories_by_pk: null })
  })

  it('reaches only rows of the role', async () => {
    const query = 'mutation { delete_reviews(where: {user_id: {_eq: 50}}) { affected_rows } }'
    expect(await shop.data(user(51), query)).toEqual({ delete_reviews: { affected_rows: 0 } })
  })
})

describe('a mutation', () => {
  it('runs its fields in order and sees what came before', async () => {
    const query = `mutation {
      a: insert_categories_one(object: {name: "first"}) { name }
      b: update_categories(where: {name: {_eq: "first"}}, _set: {name: "second"}) { affected_rows }
      c: delete_categories(where: {name: {_eq: "second"}}) { affected_rows } __typename }`
    expect(await shop.text(admin, query)).toBe(
      '{"data":{"a":{"name":"first"},"b":{"affected_rows" : 1},"c":{"affected_rows" : 1},"__typename":"mutation_root"}}',
    )
  })

  it('is undone when a later field fails', async () => {
    const query = `mutation {
      insert_categories_one(object: {name: "undone"}) { id }
      delete_products(where: {id: {_eq: 2}}) { affected_rows } }`
    expect(await shop.error(admin, query)).toMatchObject({
      extensions: { code: 'constraint-violation' },
    })
    const left = '{ categories(where: {name: {_eq: "undone"}}) { id } }'
    expect(await shop.data(admin, left)).toEqual({ categories: [] })
  })

  it.each([
    [
      admin,
      'insert_categories(objects: {name: "Toys"}) { affected_rows }',
      'Uniqueness violation. duplicate key value violates unique constraint "categories_name_key"',
      'constraint-violation',
      '$.selectionSet.insert_categories.args.objects',
    ],
    [
      admin,
      'insert_users(objects: {org_id: 999, name: "x", email: "x"}) { affected_rows }',
      'Foreign key violation. insert or update on table "users" violates foreign key constraint "users_org_id_fkey"',
      'constraint-violation',
      '$.selectionSet.insert_users.args.objects',
    ],
    [
      admin,
      'insert_users_one(object: {org_id: 1, email: "y"}) { id }',
      'Not-NULL violation. null value in column "name" of relation "users" violates not-null constraint',
      'constraint-violation',
      '$.selectionSet.insert_users_one.args.object',
    ],
    [
      admin,
      'update_products(where: {id: {_eq: 1}}, _set: {stock: -1}) { affected_rows }',
      'Check constraint violation. new row for relation "products" violates check constraint "products_stock_check"',
      'permission-error',
      '$',
    ],
    [
      manager(1),
      'update_products(where: {id: {_eq: 1}}, _set: {price: 0}) { affected_rows }',
      'check constraint of an insert/update permission has failed',
      'permission-error',
      '$',
    ],
    [
      user(1),
      'insert_order_items_one(object: {order_id: 2, product_id: 1, unit_price: 1}) { id }',
      'check constraint of an insert/update permission has failed',
      'permission-error',
      '$.selectionSet.insert_order_items_one.args.object',
    ],
    [
      admin,
      'update_orders(where: {}, _set: {created_at: "soon"}) { affected_rows }',
      'invalid input syntax for type timestamp with time zone: "soon"',
      'data-exception',
      '$',
    ],
    [
      user(1),
      'update_orders(where: {}, _set: {total: 0}) { affected_rows }',
      "field 'total' not found in type: 'orders_set_input'",
      'validation-failed',
      '$.selectionSet.update_orders.args._set.total',
    ],
    [
      { role: 'user' },
      'insert_orders_one(object: {note: "x"}) { id }',
      'missing session variable: "x-hasura-user-id"',
      'not-found',
      '$',
    ],
  ])('fails in the words of Hasura: %o %s', async (who, field, message, code, path) => {
    expect(await shop.error(who, `mutation { ${field} }`)).toEqual({
      message,
      extensions: { path, code },
    })
  })

  it('leaves the session where triggers find it', async () => {
    await shop.database.query(`
      CREATE TABLE seen (session text);
    `)
    await shop.database.query(`
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO seen VALUES (current_setting('hasura.user', true)); RETURN NEW; END $$`)
    await shop.database.query(
      'CREATE TRIGGER see AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION see()',
    )
    await shop.data(user(3), 'mutation { insert_orders_one(object: {note: "seen"}) { id } }')
    const { rows } = await shop.database.query('SELECT session FROM seen')
    expect(rows).toEqual([{ session: '{"x-hasura-role":"user","x-hasura-user-id":"3"}' }])
  })
})
