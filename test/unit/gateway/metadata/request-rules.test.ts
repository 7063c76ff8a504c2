import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRequestRules } from '../../../../src/gateway/metadata/request-rules.ts'
import { modelOf } from '../../../support/plan-of.ts'

const read = (metadata: object) => {
  const cautions: string[] = []
  return { ...readRequestRules(metadata, cautions), cautions }
}

describe('API limits', () => {
  it('are read with their units, for all roles and for some', () => {
    const { apiLimits, cautions } = read({
      api_limits: {
        disabled: false,
        depth_limit: { global: 5, per_role: { user: 3 } },
        node_limit: { global: 100 },
        batch_limit: { global: 10, per_role: {} },
        time_limit: { global: 2.5 },
        rate_limit: {
          global: { max_reqs_per_min: 60, unique_params: 'IP' },
          per_role: {
            user: { max_reqs_per_min: 5, unique_params: ['X-Hasura-User-Id'] },
            guest: { max_reqs_per_min: 1, unique_params: null },
          },
        },
      },
    })
    expect(apiLimits).toEqual({
      isDisabled: false,
      depth: { global: 5, perRole: new Map([['user', 3]]) },
      nodes: { global: 100, perRole: new Map() },
      batchSize: { global: 10, perRole: new Map() },
      timeMs: { global: 2_500, perRole: new Map() },
      rate: {
        global: { requestsPerMinute: 60, per: 'ip' },
        perRole: new Map([
          ['user', { requestsPerMinute: 5, per: ['x-hasura-user-id'] }],
          ['guest', { requestsPerMinute: 1, per: [] }],
        ]),
      },
    })
    expect(cautions).toEqual([])
  })

  it('are none where there are none, or they cannot be read, which is told', () => {
    const none = { isDisabled: false, depth: undefined, rate: undefined }
    expect(read({}).apiLimits).toMatchObject(none)
    const odd = read({ api_limits: { depth_limit: 5 } })
    expect(odd.apiLimits).toMatchObject(none)
    expect(odd.cautions).toEqual(['the API limits cannot be read'])
  })
})

describe('saved requests', () => {
  const query_collections = [
    { name: 'all', definition: { queries: [{ name: 'a', query: '{ a }' }] }, comment: 'x' },
  ]
  const endpoint = {
    name: 'one',
    url: 'users/:id',
    methods: ['GET'],
    definition: { query: { collection_name: 'all', query_name: 'a' } },
  }

  it('are read: collections, who is allowed them, and endpoints', () => {
    const rules = read({
      query_collections,
      allowlist: [
        { collection: 'all' },
        { collection: 'all', scope: { global: true } },
        { collection: 'all', scope: { global: false, roles: ['user'] } },
      ],
      rest_endpoints: [endpoint],
    })
    expect(rules).toMatchObject({
      collections: [{ name: 'all', queries: [{ name: 'a', query: '{ a }' }] }],
      allowList: [
        { collection: 'all', roles: undefined },
        { collection: 'all', roles: undefined },
        { collection: 'all', roles: ['user'] },
      ],
      restEndpoints: [
        { name: 'one', url: 'users/:id', methods: ['GET'], collection: 'all', query: 'a' },
      ],
      cautions: [],
    })
  })

  it('are left out one by one when they cannot be read, which is told', () => {
    const rules = read({
      query_collections: [...query_collections, {}],
      allowlist: [{ collection: 'all', scope: { global: 'perhaps' } }],
      rest_endpoints: [endpoint, 7],
    })
    expect(rules.collections).toHaveLength(1)
    expect([rules.allowList.length, rules.restEndpoints.length]).toEqual([0, 1])
    expect(rules.cautions).toEqual([
      '1 of the query collections cannot be read',
      '1 of the allow list cannot be read',
      '1 of the REST endpoints cannot be read',
    ])
  })

  it('are a part of the model', () => {
    const { requestRules } = modelOf({ metadata: { query_collections } })
    expect(requestRules.collections).toHaveLength(1)
  })
})

describe('what stands where rules should', () => {
  it('never makes reading fail', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const metadata = {
          api_limits: value,
          query_collections: value,
          allowlist: value,
          rest_endpoints: value,
        }
        expect(read(metadata).collections).toBeInstanceOf(Array)
      }),
    )
  })
})
