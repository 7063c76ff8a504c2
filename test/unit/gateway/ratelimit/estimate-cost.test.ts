import { describe, expect, it } from 'vitest'
import { objectPoints } from '../../../../src/gateway/ratelimit/count-objects.ts'
import { estimateCost } from '../../../../src/gateway/ratelimit/estimate-cost.ts'
import type { CostWeights } from '../../../../src/gateway/ratelimit/limit-options.ts'
import { COST_WEIGHTS } from '../../../support/limit-rules.ts'
import { jsonObject, modelOf } from '../../../support/plan-of.ts'
import { operationOf } from '../../../support/prepare.ts'

const relationship = (name: string, remoteTable: string): object => ({
  name,
  using: {
    manual_configuration: {
      remote_table: { schema: 'public', name: remoteTable },
      column_mapping: { id: 'id' },
    },
  },
})

function permissions(limits: Readonly<Record<string, number | undefined>>): object[] {
  return Object.entries(limits).map(([role, limit]) => ({
    role,
    permission: { columns: '*', filter: {}, ...(limit !== undefined && { limit }) },
  }))
}

const MODEL = modelOf({
  tables: [
    {
      table: { schema: 'public', name: 'products' },
      object_relationships: [relationship('category', 'categories')],
      array_relationships: [relationship('orders', 'orders')],
      select_permissions: permissions({ user: 20, manager: undefined, guest: 5 }),
    },
    {
      table: { schema: 'public', name: 'categories' },
      array_relationships: [relationship('products', 'products')],
      select_permissions: permissions({ user: undefined }),
    },
    {
      table: { schema: 'public', name: 'orders' },
      select_permissions: permissions({ user: undefined }),
    },
  ],
  metadata: {
    inherited_roles: [
      { role_name: 'both', role_set: ['user', 'guest'] },
      { role_name: 'most', role_set: ['user', 'manager'] },
    ],
  },
})

interface Case {
  readonly role?: string
  readonly variables?: object
  readonly weights?: Partial<CostWeights>
  readonly isUnknown?: boolean
}

function costOf(query: string, { role = 'admin', variables, weights, isUnknown }: Case = {}) {
  const costs = estimateCost(
    { operation: operationOf(query), variables: variables && jsonObject(variables) },
    {
      role,
      weights: { ...COST_WEIGHTS, ...weights },
      model: isUnknown === true ? undefined : MODEL,
    },
  )
  return costs.map(({ fixed, objects }) => [fixed, objects])
}

describe('estimateCost', () => {
  it.each([
    ['a literal limit', '{ products(limit: 7) { id } }', {}],
    ['a variable', 'query ($n: Int) { products(limit: $n) { id } }', { variables: { n: 7 } }],
    ['the default of one', 'query ($n: Int = 7) { products(limit: $n) { id } }', {}],
    ['a row limit', '{ products { id } }', { role: 'guest', rows: 5 }],
    ['a row limit below it', '{ products(limit: 7) { id } }', { role: 'guest', rows: 5 }],
    ['a row limit above it', '{ products(limit: 7) { id } }', { role: 'user' }],
    ['nothing', '{ products { id } }', { rows: 100 }],
    [
      'null',
      'query ($n: Int = 7) { products(limit: $n) { id } }',
      { variables: { n: null }, rows: 100 },
    ],
    ['what Hasura refuses', '{ products(limit: -1) { id } }', { rows: 100 }],
    ['zero', '{ products(limit: 0) { id } }', { rows: 0 }],
    ['the most generous of two roles', '{ products { id } }', { role: 'both', rows: 20 }],
    ['a role without one among them', '{ products { id } }', { role: 'most', rows: 100 }],
  ] as const)(
    'takes the rows of a list from %s',
    (_name, query, { rows = 7, ...given }: Case & { rows?: number }) => {
      expect(costOf(query, given)).toEqual([[1, rows]])
    },
  )

  it.each([
    ['a row by its key', '{ products_by_pk(id: 1) { id } }', [1, 1]],
    ['an object relationship', '{ products(limit: 3) { category { id } } }', [1, 3 + 3]],
    ['an array relationship', '{ products(limit: 3) { orders(limit: 4) { id } } }', [1, 3 + 12]],
    ['one without a limit', '{ products(limit: 3) { orders { id } } }', [1, 3 + 300]],
    [
      'lists in lists',
      '{ categories(limit: 2) { products(limit: 3) { orders(limit: 4) { id } } } }',
      [1, 2 + 6 + 24],
    ],
    ['an aggregate', '{ products_aggregate { aggregate { count } } }', [11, 2]],
    [
      'the rows of an aggregate',
      '{ products_aggregate(limit: 5) { aggregate { sum { price } } nodes { category { id } } } }',
      [11, 1 + 2 + 5 + 5],
    ],
    [
      'aggregates of each row',
      '{ products(limit: 3) { orders_aggregate { aggregate { count } } } }',
      [1 + 30, 3 + 3 + 3],
    ],
    ['a scalar', '{ __typename }', [1, 0]],
    ['the schema', '{ __schema { types { fields { name } } } }', [101, 0]],
  ])('counts %s', (_name, query, expected) => {
    expect(costOf(query)).toEqual([expected])
  })

  it.each([
    [
      'rows to insert',
      'mutation { insert_products(objects: [{a: 1}, {a: 2}]) { affected_rows } }',
      {},
      [3, 1],
    ],
    [
      'rows to insert in a variable',
      'mutation ($o: [o!]!) { insert_products(objects: $o) { returning { id } } }',
      { variables: { o: [{}, {}, {}] } },
      [4, 1 + 3],
    ],
    ['a single one', 'mutation { insert_products_one(object: {a: 1}) { id } }', {}, [1, 1]],
    [
      'an update of who knows how many',
      'mutation { update_products(where: {}, _set: {a: 1}) { returning { id } } }',
      {},
      [1, 1 + 100],
    ],
    [
      'an update by key',
      'mutation { update_products_by_pk(pk_columns: {id: 1}, _set: {a: 1}) { id } }',
      {},
      [1, 1],
    ],
  ])('counts %s', (_name, query, given, expected) => {
    expect(costOf(query, given)).toEqual([expected])
  })

  it('counts each root field, whatever its alias', () => {
    expect(costOf('{ a: products(limit: 2) { id } b: products(limit: 2) { id } }')).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it('weighs as it is told', () => {
    const weights = {
      object: 2,
      depth: 3,
      aggregate: 100,
      rootField: 7,
      rootFields: new Map([['products', 50]]),
      defaultRows: 10,
    }
    expect(costOf('{ products { category { id } } }', { weights })).toEqual([[50, 10 * 2 + 10 * 5]])
    expect(costOf('{ products_aggregate { aggregate { count } } }', { weights })).toEqual([
      [107, 2 + 5],
    ])
  })

  it('takes what it does not know for lists', () => {
    const unknown = { isUnknown: true }
    expect(costOf('{ products(limit: 2) { category { id } } }', unknown)).toEqual([[1, 2 + 200]])
    expect(costOf('{ products_by_pk(id: 1) { id } }', unknown)).toEqual([[1, 1]])
    expect(costOf('{ products_aggregate { aggregate { count } } }', unknown)).toEqual([[11, 2]])
  })

  it('stays a number, however much is asked for', () => {
    const nested = '{ a '.repeat(18) + ' }'.repeat(18)
    const query = `{ products(limit: 999999999999999) ${nested} }`
    const [[fixed = 0, objects = 0] = []] = costOf(query, { weights: { defaultRows: 1_000_000 } })
    expect(fixed + objects).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('objectPoints', () => {
  const pointsOf = (value: unknown, weights: Partial<CostWeights> = {}): number | undefined =>
    objectPoints(Buffer.from(JSON.stringify(value)), { ...COST_WEIGHTS, ...weights })

  it('counts the objects below data, and none in texts', () => {
    expect(pointsOf({ data: { a: [{ b: 1 }, { c: { d: '{{{' } }], e: null } })).toBe(3)
    expect(pointsOf({ data: { a: [{ b: '\\"{' }, { b: '"{\\\\' }] } })).toBe(2)
    expect(pointsOf({ data: { a: [] } })).toBe(0)
  })

  it('weighs by depth as the estimate does', () => {
    expect(pointsOf({ data: { a: [{ b: { c: {} } }] } }, { object: 2, depth: 3 })).toBe(2 + 5 + 8)
  })

  it('leaves what is very large to the estimate', () => {
    expect(pointsOf({ data: 'x'.repeat(1_048_576 - 11) })).toBe(0)
    expect(pointsOf({ data: 'x'.repeat(1_048_576 - 10) })).toBeUndefined()
  })

  it('does not run on in what is cut off', () => {
    expect(objectPoints(Buffer.from('{"data":{"a":[{"b":"\\'), COST_WEIGHTS)).toBe(1)
  })
})
