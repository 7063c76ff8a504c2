import { describe, expect, it } from 'vitest'
import {
  camelCase,
  customRootFieldNames,
  type NamingConvention,
  rootFieldNames,
  type SourceNaming,
} from '../../../../src/gateway/metadata/naming.ts'

const naming = (
  convention: NamingConvention,
  affixes: { prefix?: string; suffix?: string } = {},
): SourceNaming => ({
  conventions: [convention],
  prefix: affixes.prefix ?? '',
  suffix: affixes.suffix ?? '',
  defaultSchema: 'public',
})
const hasura = naming('hasura-default')
const graphql = naming('graphql-default')
const SELECT = { before: '', after: [] }
const BY_PK = { before: '', after: ['by', 'pk'] }
const INSERT_ONE = { before: 'insert', after: ['one'] }
const name = (table: string, customName?: string, schema = 'public') => ({
  name: { schema, name: table },
  customName,
})

describe('rootFieldNames', () => {
  it.each([
    [name('order_items'), SELECT, hasura, 'order_items'],
    [name('order_items'), BY_PK, hasura, 'order_items_by_pk'],
    [name('order_items'), INSERT_ONE, hasura, 'insert_order_items_one'],
    [name('block', undefined, 'evm'), INSERT_ONE, hasura, 'insert_evm_block_one'],
    [name('block', 'Blocks', 'evm'), BY_PK, hasura, 'Blocks_by_pk'],
    [name('order_items'), SELECT, graphql, 'orderItems'],
    [name('order_items'), BY_PK, graphql, 'orderItemsByPk'],
    [name('order_items'), INSERT_ONE, graphql, 'insertOrderItemsOne'],
    [name('Order_items'), SELECT, graphql, 'orderItems'],
    [name('block', undefined, 'evm_x'), SELECT, graphql, 'evmXBlock'],
    [name('_private_notes'), SELECT, graphql, '_privateNotes'],
    [name('t', 'Table_one'), SELECT, graphql, 'Table_one'],
    [name('t', 'table_one'), INSERT_ONE, graphql, 'insertTable_oneOne'],
    [name('users'), SELECT, naming('hasura-default', { prefix: 'a_', suffix: '_z' }), 'a_users_z'],
    [name('users'), SELECT, naming('graphql-default', { prefix: 'a', suffix: 'z' }), 'aUsersZ'],
    [name('users'), SELECT, naming('graphql-default', { suffix: 'z' }), 'usersZ'],
  ])('names %j with %j', (named, affixes, convention, expected) => {
    expect(rootFieldNames(named, affixes, convention)).toEqual([expected])
  })

  it('gives both names when the convention is not known, equal ones once', () => {
    const either: SourceNaming = { ...hasura, conventions: ['hasura-default', 'graphql-default'] }
    expect(rootFieldNames(name('order_items'), SELECT, either)).toEqual([
      'order_items',
      'orderItems',
    ])
    expect(rootFieldNames(name('users'), SELECT, either)).toEqual(['users'])
  })
})

describe('customRootFieldNames', () => {
  it('keeps the name, within the prefix of the source', () => {
    expect(customRootFieldNames('all_Of_them', graphql)).toEqual(['all_Of_them'])
    expect(customRootFieldNames('x', naming('graphql-default', { prefix: 'a' }))).toEqual(['aX'])
  })
})

describe('camelCase', () => {
  it.each([
    ['some_name', 'someName'],
    ['someName', 'someName'],
    ['_a_b', '_aB'],
    ['__', '__'],
    ['a__b_', 'aB'],
  ])('writes %s as %s', (from, to) => expect(camelCase(from)).toBe(to))
})
