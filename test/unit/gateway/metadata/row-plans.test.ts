import { describe, expect, it } from 'vitest'
import { MetadataPlanner } from '../../../../src/gateway/metadata/metadata-planner.ts'
import {
  jsonObject,
  modelOf,
  planOn,
  relationships,
  type TestUpstream,
  table,
  tag,
  written,
} from '../../../support/plan-of.ts'

const SHOP: TestUpstream = {
  tables: [
    table(
      'orders',
      { user: {}, guarded: { customer: { name: { _eq: 'x' } } }, selfish: { parent: {} } },
      {
        object_relationships: relationships({ customer: 'customers', parent: 'orders' }),
        array_relationships: relationships({ items: 'items' }),
        computed_fields: [{ name: 'total', definition: { function: 'total' } }],
        configuration: { column_config: { id: { custom_name: 'orderId' } } },
      },
    ),
    table('customers', { user: {}, guarded: {} }),
    table('items', { user: {} }),
    table('pairs', { user: {} }),
    table('prices', { user: {} }),
    table('keyless', { user: {} }),
  ],
  catalog: {
    tables: ['orders', 'customers', 'items', 'pairs', 'prices', 'keyless'],
    primaryKeys: {
      orders: { id: 'int8' },
      customers: { id: 'uuid' },
      items: { id: 'int4' },
      pairs: { a: 'text', b: 'int2' },
      prices: { amount: 'numeric' },
    },
  },
}
const plan = planOn(SHOP)
const row = (name: string, ...key: string[]) => `row:default:public.${name}:${JSON.stringify(key)}`
const rows = (name: string) => `rows:default:public.${name}`

describe('an answer by primary key', () => {
  it.each([
    ['{ orders_by_pk(orderId: 7) { orderId } }'],
    ['{ orders_by_pk(id: "7") { __typename } }'],
    ['{ ordersByPk(orderId: 7) { id } }'],
  ])('depends on its row instead of the table: %s', (query) => {
    expect(plan(query)).toMatchObject({
      sessionVariables: [],
      reads: [row('orders', '7'), rows('orders')],
      uncacheable: undefined,
    })
  })

  const QUERY = 'query ($id: bigint = 7) { orders_by_pk(orderId: $id) { id } }'
  it.each<[string, object | undefined, readonly string[]]>([
    ['a number', { id: 8 }, [row('orders', '8'), rows('orders')]],
    ['a text', { id: '8' }, [row('orders', '8'), rows('orders')]],
    ['the default', undefined, [row('orders', '7'), rows('orders')]],
    ['null in spite of a default', { id: null }, [tag('orders')]],
    ['another spelling', { id: '08' }, [tag('orders')]],
    ['a sign', { id: '+8' }, [tag('orders')]],
    ['a space', { id: ' 8' }, [tag('orders')]],
    ['a fraction', { id: 8.5 }, [tag('orders')]],
    ['a list', { id: [8] }, [tag('orders')]],
    ['an object', { id: { kind: 'scalar', text: '8' } }, [tag('orders')]],
  ])('takes the key from a variable: %s', (_, variables, reads) => {
    expect(plan(QUERY, variables && { variables }).reads).toEqual(reads)
  })

  it('keeps the exponents and digits that a double would lose apart', () => {
    const planner = new MetadataPlanner(modelOf(SHOP))
    expect(planner.version).toBe('')
    const big = plan('{ orders_by_pk(id: 9007199254740993) { id } }').reads
    expect(big).toEqual([row('orders', '9007199254740993'), rows('orders')])
    expect(plan('{ orders_by_pk(id: 1e3) { id } }').reads).toEqual([tag('orders')])
  })

  it('knows a uuid in either case, and no other form of it', () => {
    const id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'
    const reads = [row('customers', id.toLowerCase()), rows('customers')]
    expect(plan(`{ customers_by_pk(id: "${id}") { id } }`).reads).toEqual(reads)
    expect(plan(`{ customers_by_pk(id: "{${id}}") { id } }`).reads).toEqual([tag('customers')])
  })

  it('keeps the columns of a key in order, whatever the order of the arguments', () => {
    const reads = [row('pairs', 'x"', '-1'), rows('pairs')]
    expect(plan('{ pairs_by_pk(a: "x\\"", b: -1) { a } }').reads).toEqual(reads)
    expect(plan('{ pairs_by_pk(b: -1, a: "x\\"") { a } }').reads).toEqual(reads)
    const query = 'query ($a: String!) { pairs_by_pk(a: $a, b: 1) { a } }'
    expect(plan(query, { variables: { a: 1 } }).reads).toEqual([tag('pairs')])
    expect(plan(query, { variables: { a: 'x'.repeat(201) } }).reads).toEqual([tag('pairs')])
  })

  it.each([
    ['prices', '{ prices_by_pk(amount: 1) { amount } }'],
    ['keyless', '{ keyless_by_pk(id: 1) { id } }'],
    ['orders', '{ orders_by_pk(orderId: 1, more: 2) { id } }'],
    ['orders', '{ orders_by_pk { id } }'],
    ['pairs', '{ pairs_by_pk(a: "x") { a } }'],
    ['orders', '{ orders(where: {id: {_eq: 1}}) { id } }'],
  ])('depends on the table %s when it cannot be told which row it is: %s', (name, query) => {
    expect(plan(query).reads).toEqual([tag(name)])
  })

  it('depends on the other tables that show in it or decide about it', () => {
    const own = [row('orders', '1'), rows('orders')]
    const reads = (query: string, role = 'user') => plan(query, { role }).reads
    expect(reads('{ orders_by_pk(id: 1) { customer { id } items { id } } }')).toEqual([
      ...own,
      tag('customers'),
      tag('items'),
    ])
    expect(reads('{ orders_by_pk(id: 1) { total } }')).toEqual(['any-write', ...own])
    expect(reads('{ orders_by_pk(id: 1) { id } }', 'guarded')).toEqual([...own, tag('customers')])
  })

  it('depends on all rows too when others of its table do', () => {
    const own = [row('orders', '1'), rows('orders'), tag('orders')]
    expect(plan('{ orders_by_pk(id: 1) { parent { id } } }').reads).toEqual(own)
    expect(plan('{ orders_by_pk(id: 1) { id } }', { role: 'selfish' }).reads).toEqual(own)
    expect(plan('{ orders_by_pk(id: 1) { id } orders { id } }').reads).toEqual(own)
  })
})

describe('many rows', () => {
  it('are the table, from the fifty-first on', () => {
    const fields = (count: number) =>
      Array.from({ length: count }, (_, id) => `r${id}: orders_by_pk(id: ${id}) { id }`).join(' ')
    expect(plan(`{ ${fields(50)} }`).reads).not.toContain(tag('orders'))
    const { reads } = plan(`{ ${fields(51)} }`)
    expect(reads).toContain(tag('orders'))
    expect(reads).toHaveLength(52)
  })
})

describe('a write by primary key', () => {
  const writes = (field: string, variables?: object) =>
    plan(`mutation ($id: bigint, $set: orders_set_input) { ${field} }`, variables && { variables })
      .writes
  const one = [row('orders', '1'), tag('orders')]

  it.each([
    'delete_orders_by_pk(orderId: 1) { id }',
    'update_orders_by_pk(pk_columns: {orderId: 1}, _set: {name: "x"}) { id }',
    'update_orders_by_pk(pk_columns: {id: "1"}, _inc: {count: 1}, _set: null) { id }',
    'updateOrdersByPk(pkColumns: {orderId: 1}, _set: {name: "x"}) { id }',
  ])('changes its row and the lists of the table: %s', (field) => {
    expect(writes(field)).toEqual(one)
  })

  it.each([
    'insert_orders_one(object: {orderId: 1}) { id }',
    'insert_orders(objects: [{id: 1}], on_conflict: {}) { affected_rows }',
    'update_orders(where: {id: {_eq: 1}}, _set: {}) { affected_rows }',
    'update_orders_many(updates: []) { affected_rows }',
    'delete_orders(where: {}) { affected_rows }',
    'delete_orders_by_pk(orderId: "01") { id }',
    'delete_orders_by_pk(orderId: $id) { id }',
    'update_orders_by_pk(pk_columns: $id, _set: {}) { id }',
  ])('else changes all its rows: %s', (field) => {
    expect(writes(field)).toEqual(written('orders'))
  })

  it.each([
    ['_set: {orderId: 2}', undefined],
    ['_set: {id: 2}', undefined],
    ['_inc: {id: 1}', undefined],
    ['_set: $set', { set: { order_id: 1, orderId: 2 } }],
    ['_set: [{name: "x"}]', undefined],
  ])('changes all rows when the key changes with it: %s', (set, variables) => {
    const field = `update_orders_by_pk(pk_columns: {orderId: 1}, ${set}) { id }`
    expect(writes(field, variables)).toEqual(written('orders'))
  })

  it('takes key and changes from variables', () => {
    const update = 'update_orders_by_pk(pk_columns: {orderId: $id}, _set: $set) { id }'
    expect(writes(update, { id: 1, set: { name: 'x' } })).toEqual(one)
    expect(writes('delete_orders_by_pk(orderId: $id) { id }', { id: '1' })).toEqual(one)
  })

  it('changes all rows where a role presets a column of the key', () => {
    const permission = { set: { id: 'X-Hasura-Id' }, columns: [], filter: {} }
    const preset = planOn({
      tables: [table('orders', {}, { update_permissions: [{ role: 'user', permission }] })],
      catalog: { tables: ['orders'], primaryKeys: { orders: { id: 'int8' } } },
    })
    const update = 'mutation { update_orders_by_pk(pk_columns: {id: 1}, _set: {}) { id } }'
    expect(preset(update).writes).toEqual(written('orders'))
    expect(preset('mutation { delete_orders_by_pk(id: 1) { id } }').writes).toEqual(one)
  })

  it('changes all rows of the tables that follow, its own among them', () => {
    const follow = (from: string) =>
      planOn({
        ...SHOP,
        catalog: {
          ...SHOP.catalog,
          foreignKeys: [{ from, columns: ['order_id'], to: 'orders', onDelete: 'c' }],
        },
      })('mutation { delete_orders_by_pk(id: 1) { id } }').writes
    expect(follow('items')).toEqual([
      row('orders', '1'),
      rows('items'),
      tag('items'),
      tag('orders'),
    ])
    expect(follow('orders')).toEqual([row('orders', '1'), ...written('orders')])
  })

  it('changes everything where triggers may', () => {
    const triggered = planOn({ ...SHOP, catalog: { ...SHOP.catalog, triggersOn: ['orders'] } })
    const writes = triggered('mutation { delete_orders_by_pk(id: 1) { id } }').writes
    expect(writes).toContain('everything')
  })
})

describe('rows that were changed elsewhere', () => {
  const planner = new MetadataPlanner(modelOf(SHOP))
  const changed = (relation: string, ...values: object[]) =>
    planner.changedRows('default', relation, values.map(jsonObject))

  it('are named by the columns of the database', () => {
    expect(changed('public.orders', { id: 1, name: 'x' }, { id: '2' })).toEqual([
      tag('orders'),
      row('orders', '1'),
      row('orders', '2'),
    ])
  })

  it.each([
    ['public.orders', [{ orderId: 1 }]],
    ['public.orders', []],
    ['public.keyless', [{ id: 1 }]],
    ['public.prices', [{ amount: 1 }]],
    ['public.unknown', [{ id: 1 }]],
  ])('are any of %s when they cannot be told: %j', (relation, values) => {
    const name = relation.slice('public.'.length)
    expect(changed(relation, ...values)).toEqual([tag(name), rows(name)])
  })
})
