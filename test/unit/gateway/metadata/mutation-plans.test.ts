import { describe, expect, it } from 'vitest'
import type { TestCatalog, TestForeignKey } from '../../../support/catalog-text.ts'
import {
  planOn,
  relationships,
  type TestUpstream,
  table,
  written,
} from '../../../support/plan-of.ts'

const TABLES = ['a', 'b', 'c', 'd', 'e']
const upstream = (catalog: TestCatalog): TestUpstream => ({
  tables: [
    table(
      'a',
      {},
      {
        array_relationships: relationships({ bs: 'b' }),
        object_relationships: [{ name: 'lost', using: { foreign_key_constraint_on: 'lost_id' } }],
      },
    ),
    table('b', {}, { array_relationships: relationships({ cs: 'c' }) }),
    ...['c', 'd', 'e'].map((name) => table(name)),
    table('v'),
  ],
  catalog: { ...catalog, tables: TABLES },
})
const key = (from: string, to: string, actions: Partial<TestForeignKey> = {}): TestForeignKey => ({
  from,
  to,
  columns: [`${to}_id`],
  ...actions,
})

describe('a mutation', () => {
  const plan = planOn(upstream({}))

  it.each([
    ['insert_a(objects: []) { affected_rows }'],
    ['insert_a_one(object: {}) { id }'],
    ['insertAOne(object: {}) { id }'],
    ['update_a(where: {bs: {id: {_eq: 1}}}, _set: {x: 1}) { affected_rows }'],
    ['update_a_by_pk(pk_columns: {id: 1}, _set: {}) { id bs { id } }'],
    ['update_a_many(updates: []) { affected_rows }'],
    ['delete_a(where: {}) { returning { id } }'],
    ['delete_a_by_pk(id: 1) { id }'],
  ])('writes its table and is not cached: %s', (field) => {
    expect(plan(`mutation { __typename ${field} }`)).toEqual({
      sessionVariables: 'all',
      reads: [],
      writes: written('a'),
      uncacheable: 'not-a-query',
    })
  })

  it('adds up its root fields', () => {
    const query = 'mutation { delete_a_by_pk(id: 1) { id } delete_d_by_pk(id: 1) { id } }'
    expect(plan(query).writes).toEqual(written('a', 'd'))
  })

  it.each<[string, string, object | undefined, readonly string[]]>([
    ['objects', '(objects: [{bs: {data: [{cs: {data: []}}]}}])', undefined, ['a', 'b', 'c']],
    [
      'on_conflict within',
      '(objects: [{bs: {data: [], on_conflict: {where: {cs: {}}}}}])',
      undefined,
      ['a', 'b'],
    ],
    ['on_conflict', '(objects: [], on_conflict: {where: {bs: {}}})', undefined, ['a']],
    [
      'a variable',
      '(objects: $x)',
      { x: [{ bs: { data: { cs: { data: [] } } } }] },
      ['a', 'b', 'c'],
    ],
    ['a variable without', '(objects: $x)', { x: [{ id: 1 }] }, ['a']],
    ['a variable within', '(objects: {bs: {data: $x}})', { x: { cs: {} } }, ['a', 'b', 'c']],
  ])('writes what is inserted with it: %s', (_, values, variables, names) => {
    const query = `mutation ($x: [a_insert_input!]!) { insert_a${values} { affected_rows } }`
    expect(plan(query, variables && { variables }).writes).toEqual(written(...names))
  })

  it('writes anything when it inserts along an unknown relationship', () => {
    const query = 'mutation { insert_a(objects: {lost: {data: {}}}) { affected_rows } }'
    expect(plan(query).writes).toContain('everything')
  })

  it('writes anything when the field is not known, or the catalog', () => {
    expect(plan('mutation { unknown { id } }').writes).toEqual(['everything'])
    const blind = planOn({ ...upstream({}), catalog: undefined })
    expect(blind('mutation { delete_a(where: {}) { affected_rows } }').writes).toEqual([
      'everything',
    ])
  })
})

describe('foreign keys', () => {
  const DELETE = 'mutation { delete_a(where: {}) { affected_rows } }'
  const UPDATE = 'mutation { update_a(where: {}, _set: {}) { affected_rows } }'
  const INSERT = 'mutation { insert_a(objects: []) { affected_rows } }'

  it.each<[string, readonly TestForeignKey[], string, readonly string[]]>([
    ['cascade', [key('b', 'a', { onDelete: 'c' })], DELETE, ['a', 'b']],
    ['set null', [key('b', 'a', { onDelete: 'n' })], DELETE, ['a', 'b']],
    ['set default', [key('b', 'a', { onDelete: 'd' })], DELETE, ['a', 'b']],
    ['no action', [key('b', 'a', { onDelete: 'a' })], DELETE, ['a']],
    ['restrict', [key('b', 'a', { onDelete: 'r' })], DELETE, ['a']],
    ['of another event', [key('b', 'a', { onDelete: 'c' })], UPDATE, ['a']],
    ['on update', [key('b', 'a', { onUpdate: 'c' })], UPDATE, ['a', 'b']],
    ['on update, deleted', [key('b', 'a', { onUpdate: 'c' })], DELETE, ['a']],
    ['on update, by on_conflict', [key('b', 'a', { onUpdate: 'c' })], INSERT, ['a', 'b']],
    ['on delete, inserted', [key('b', 'a', { onDelete: 'c' })], INSERT, ['a']],
    [
      'transitively',
      [key('b', 'a', { onDelete: 'c' }), key('c', 'b', { onDelete: 'c' })],
      DELETE,
      ['a', 'b', 'c'],
    ],
    [
      'set null stops a cascade',
      [key('b', 'a', { onDelete: 'n' }), key('c', 'b', { onDelete: 'c' })],
      DELETE,
      ['a', 'b'],
    ],
    [
      'in a circle',
      [key('b', 'a', { onDelete: 'c' }), key('a', 'b', { onDelete: 'c' })],
      DELETE,
      ['a', 'b'],
    ],
    ['to itself', [key('a', 'a', { onDelete: 'c' })], DELETE, ['a']],
    ['away from it', [key('a', 'b', { onDelete: 'c' })], DELETE, ['a']],
  ])('%s', (_, foreignKeys, query, names) => {
    expect(planOn(upstream({ foreignKeys }))(query).writes).toEqual(written(...names))
  })

  it('reach tables that are not tracked', () => {
    const plan = planOn({
      tables: [table('a')],
      catalog: { tables: ['a', 'z'], foreignKeys: [key('z', 'a', { onDelete: 'c' })] },
    })
    expect(plan(DELETE).writes).toEqual(written('a', 'z'))
  })
})

describe('the database behind a mutation', () => {
  const DELETE = 'mutation { delete_a(where: {}) { affected_rows } }'

  it('may write anything by triggers, also on tables that follow', () => {
    expect(planOn(upstream({ triggersOn: ['a'] }))(DELETE).writes).toEqual(['everything'])
    const foreignKeys = [key('b', 'a', { onDelete: 'c' })]
    const following = planOn(upstream({ triggersOn: ['b'], foreignKeys }))
    expect(following(DELETE).writes).toEqual(['everything'])
    expect(planOn(upstream({ triggersOn: ['b'] }))(DELETE).writes).toEqual(written('a'))
  })

  it('keeps rows of a parent in its partitions, and of a partition in its parents', () => {
    const plan = planOn(
      upstream({
        partitions: [
          ['a', 'b'],
          ['b', 'c'],
          ['d', 'e'],
        ],
      }),
    )
    expect(plan(DELETE).writes).toEqual(written('a', 'b', 'c'))
  })

  it('writes the tables under a view', () => {
    const plan = planOn(
      upstream({
        views: { v: ['a', 'w'], w: ['b'] },
        foreignKeys: [key('c', 'a', { onDelete: 'c' })],
      }),
    )
    const query = 'mutation { delete_v(where: {}) { affected_rows } }'
    expect(plan(query).writes).toEqual(written('a', 'b', 'c', 'v', 'w'))
  })

  it.each([
    ['that it does not show', { views: { v: ['other.x'] } }],
    ['elsewhere', { foreignTables: ['v'] }],
    ['behind a trigger', { views: { v: ['a'] }, triggersOn: ['v'] }],
  ])('may write anything through something %s', (_, catalog) => {
    const plan = planOn(upstream(catalog))
    expect(plan('mutation { insert_v(objects: []) { affected_rows } }').writes).toEqual([
      'everything',
    ])
  })
})
