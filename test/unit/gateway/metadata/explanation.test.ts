import { describe, expect, it } from 'vitest'
import type { Reason } from '../../../../src/gateway/metadata/explanation.ts'
import { MetadataPlanner } from '../../../../src/gateway/metadata/metadata-planner.ts'
import { safePlanner } from '../../../../src/gateway/metadata/safe-planner.ts'
import { jsonObject, modelOf, relationships, table, tag } from '../../../support/plan-of.ts'
import { operationOf } from '../../../support/prepare.ts'

const planner = new MetadataPlanner(
  modelOf({
    tables: [
      table(
        'orders',
        {
          user: {
            _and: [
              { user_id: { _eq: 'X-Hasura-User-Id' } },
              { _exists: { _table: 'members', _where: { org: { _eq: 'X-Hasura-Org' } } } },
            ],
          },
        },
        { object_relationships: relationships({ owner: 'users' }) },
      ),
      table('users', { user: { id: { _eq: 'X-Hasura-User-Id' } } }),
      table('members'),
    ],
    functions: [{ function: 'mine', configuration: { session_argument: 's' } }],
    catalog: {
      tables: ['orders', 'users', 'members'],
      primaryKeys: { orders: { id: 'int4' } },
      functions: { mine: { returns: 'users' } },
    },
    metadata: {
      actions: [
        {
          name: 'ask',
          definition: {
            type: 'query',
            forward_client_headers: true,
            ignored_client_headers: ['X'],
          },
        },
      ],
    },
  }),
)
const explain = (text: string, variables?: object) =>
  planner.explain(operationOf(text), 'user', variables && jsonObject(variables))
const because = (reasons: readonly Reason[], value: string) =>
  reasons.find((reason) => reason.value === value)?.because

describe('an explanation', () => {
  it('says whose filter each session variable comes from', () => {
    const { sessionVariables } = explain('{ orders { id owner { id } } }')
    expect(sessionVariables).toEqual([
      { value: 'x-hasura-org', because: ['the filter of role user on default:public.orders'] },
      {
        value: 'x-hasura-user-id',
        because: [
          'the filter of role user on default:public.orders',
          'the filter of role user on default:public.users',
        ],
      },
    ])
  })

  it('says where each tag comes from', () => {
    const { reads, plan } = explain('{ orders { id } }')
    expect(because(reads, tag('orders'))).toEqual(['the rows of default:public.orders'])
    expect(because(reads, tag('members'))).toEqual([
      'the filter of role user on default:public.orders: the rows of default:public.members',
    ])
    expect(reads.map(({ value }) => value)).toEqual(plan.reads)
  })

  it('follows the variables', () => {
    const { reads } = explain('query ($w: orders_bool_exp) { orders(where: $w) { id } }', {
      w: { owner: {} },
    })
    expect(because(reads, tag('users'))).toEqual(['the rows of default:public.users'])
    const row = explain('query ($id: Int) { orders_by_pk(id: $id) { id } }', { id: 1 })
    expect(because(row.reads, 'row:default:public.orders:["1"]')).toEqual([
      'a row of default:public.orders by its key',
    ])
  })

  it('names functions, actions and their headers', () => {
    const called = explain('{ mine { id } ask { x } }')
    expect(because(called.sessionVariables, 'all')).toEqual([
      'the function default:public.mine',
      'the action ask',
    ])
    expect(called.forwardedHeaders).toEqual([{ value: 'all but x', because: ['the action ask'] }])
    expect(called.onRequestOnly).toEqual([{ value: 'action', because: ['the action ask'] }])
  })

  it('says why nothing is cached, and what is written', () => {
    expect(explain('{ __schema { types { name } } }').uncacheable).toEqual([
      { value: 'introspection', because: ['the schema is asked for'] },
    ])
    const { writes, uncacheable } = explain('mutation { delete_orders_by_pk(id: 1) { id } }')
    expect(because(uncacheable, 'not-a-query')).toEqual(['it is a mutation'])
    expect(because(writes, tag('orders'))).toEqual([
      'delete of table default:public.orders, and what follows from it',
    ])
    const subscription = explain('subscription { orders { id } }')
    expect(because(subscription.uncacheable, 'not-a-query')).toEqual(['it is a subscription'])
  })

  it.each([
    [undefined, ': its catalog is not known'],
    [{ tables: ['users'] }, ': its catalog does not tell of public.orders'],
  ])('says why the whole session is in the key when the catalog is %j', (catalog, why) => {
    const blind = new MetadataPlanner(modelOf({ tables: [table('orders', { user: {} })], catalog }))
    const { sessionVariables } = blind.explain(operationOf('{ orders { id } }'), 'user', undefined)
    expect(sessionVariables).toEqual([
      { value: 'all', because: [`the rows of default:public.orders${why}`] },
    ])
  })

  it('says so when the metadata is not known', () => {
    const { sessionVariables } = safePlanner.explain(operationOf('{ a }'), 'user', undefined)
    expect(sessionVariables).toEqual([
      { value: 'all', because: ['Hasura’s metadata is not known'] },
    ])
  })
})
