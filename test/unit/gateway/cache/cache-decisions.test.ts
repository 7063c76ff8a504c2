import { describe, expect, it } from 'vitest'
import { CacheDecisions } from '../../../../src/gateway/cache/cache-decisions.ts'
import type { PreparedRequest } from '../../../../src/gateway/graphql/operation.ts'
import type { RequestHead } from '../../../../src/gateway/http/answer.ts'
import { ownRequestHeaders } from '../../../../src/gateway/http/forward-headers.ts'
import type { Identity } from '../../../../src/gateway/identity/identity.ts'
import { MetadataPlanner } from '../../../../src/gateway/metadata/metadata-planner.ts'
import type { CacheRule } from '../../../../src/gateway/options.ts'
import { gatewayOptions } from '../../../support/gateway-options.ts'
import { modelOf, table } from '../../../support/plan-of.ts'
import { preparer } from '../../../support/prepare.ts'

const action = (name: string, more: object) => ({ name, definition: { type: 'query', ...more } })
const model = modelOf({
  tables: [table('products', { user: {} })],
  catalog: { tables: ['products'], primaryKeys: { products: { id: 'int4' } } },
  metadata: {
    actions: [
      action('ask', {}),
      action('tell', { forward_client_headers: true, ignored_client_headers: ['X-Ignored'] }),
    ],
  },
})

const EVERY: CacheRule = { ttlMs: 60_000 }
const NAMED: CacheRule = { rootFields: ['ask', 'tell'], ttlMs: 60_000 }

function decisions({ rules = [EVERY, NAMED], version = '1' } = {}): CacheDecisions {
  const options = { ...gatewayOptions('http://hasura').cache, rules }
  const planner = new MetadataPlanner(model, version)
  return new CacheDecisions({
    planner,
    options,
    headersOf: (head, who) => ownRequestHeaders(head, who, 'cookie'),
    detailOf: () => 'full',
  })
}

function identity(variables: Readonly<Record<string, string>> = {}): Identity {
  return {
    kind: 'jwt',
    role: 'user',
    userId: undefined,
    sessionVariables: new Map(Object.entries({ 'x-hasura-role': 'user', ...variables })),
    expiresAtMs: Number.POSITIVE_INFINITY,
    upstreamHeaders: new Map([['authorization', 'Bearer token']]),
    sessionId: undefined,
  }
}

function head(headers: RequestHead['headers'] = {}): RequestHead {
  return { headers, requestId: 'r', socketAddress: '10.0.0.1', trustedHops: 0 }
}

function prepared(query: string): PreparedRequest {
  const request = preparer().prepare(Buffer.from(JSON.stringify({ query })))
  if (request.kind !== 'single') throw new Error('one request')
  return request
}

describe('a key', () => {
  const keyOf = (
    query: string,
    headers: RequestHead['headers'],
    { by = decisions(), who = identity() } = {},
  ) => by.of(prepared(query), who, head(headers)).target?.cacheKey

  it('names the version of the plans', () => {
    const key = (version: string) =>
      keyOf('{ products { id } }', {}, { by: decisions({ version }) })
    expect(key('1')).toBe(key('1'))
    expect(key('1')).not.toBe(key('2'))
  })

  it('holds the headers that an action is told', () => {
    const plain = keyOf('{ tell { x } }', {})
    expect(keyOf('{ tell { x } }', { 'x-tenant': 'a' })).not.toBe(plain)
    expect(keyOf('{ tell { x } }', { 'x-tenant': 'a' })).not.toBe(
      keyOf('{ tell { x } }', { 'x-tenant': 'b' }),
    )
    expect(keyOf('{ tell { x } }', { 'x-a': 'bx-c', 'x-d': '' })).not.toBe(
      keyOf('{ tell { x } }', { 'x-a': 'b', 'x-c': 'x-d' }),
    )
  })

  it('leaves out what it is not told, and what names the request itself', () => {
    const plain = keyOf('{ tell { x } }', {})
    expect(keyOf('{ tell { x } }', { 'x-ignored': 'a', traceparent: 't' })).toBe(plain)
    expect(keyOf('{ tell { x } }', { 'x-request-id': '1' })).toBe(plain)
    expect(keyOf('{ ask { x } }', { 'x-tenant': 'a' })).toBe(keyOf('{ ask { x } }', {}))
  })

  it('holds the headers for each client anew, though decisions are remembered', () => {
    const by = decisions()
    const keys = ['a', 'b', 'a'].map((tenant) => keyOf('{ tell { x } }', { tenant }, { by }))
    expect(keys[0]).toBe(keys[2])
    expect(keys[0]).not.toBe(keys[1])
  })

  it('holds the whole session where an action is asked', () => {
    const who = identity({ 'x-hasura-any': '1' })
    expect(keyOf('{ ask { x } }', {}, { who })).not.toBe(keyOf('{ ask { x } }', {}))
    expect(keyOf('{ products { id } }', {}, { who })).toBe(keyOf('{ products { id } }', {}))
  })

  it('comes with the headers when they are in it', () => {
    const forwards = (query: string) =>
      decisions().of(prepared(query), identity(), head()).target?.forwardsHeaders
    expect([forwards('{ tell { x } }'), forwards('{ ask { x } }')]).toEqual([true, false])
  })
})

describe('an action', () => {
  const decide = (query: string, rules: readonly CacheRule[]) => {
    const { target, ...bypass } = decisions({ rules: [...rules] }).of(
      prepared(query),
      identity(),
      head(),
    )
    return target === undefined ? bypass : 'kept'
  }

  it.each<[string, string, readonly CacheRule[]]>([
    ['@cached', 'query @cached { ask { x } }', []],
    ['its root field', '{ ask { x } }', [NAMED]],
    ['its operation', 'query Ask { ask { x } }', [{ operations: ['Ask'], ttlMs: 1_000 }]],
  ])('is kept on request: %s', (_, query, rules) => {
    expect(decide(query, rules)).toBe('kept')
  })

  it('is not kept by rules that do not name it', () => {
    expect(decide('{ ask { x } }', [EVERY])).toEqual({ reason: 'action' })
    expect(decide('{ ask { x } products { id } }', [EVERY])).toEqual({ reason: 'action' })
    expect(decide('{ products { id } }', [EVERY])).toBe('kept')
  })

  it('is not kept where a rule forbids it', () => {
    expect(decide('{ ask { x } }', [{ ttlMs: 0 }, NAMED])).toEqual({ reason: 'ttl-zero' })
  })
})

describe('a rule about a table', () => {
  it('counts for answers with one of its rows', () => {
    const by = decisions({ rules: [{ tables: ['products'], ttlMs: 60_000 }] })
    const { target } = by.of(prepared('{ products_by_pk(id: 1) { id } }'), identity(), head())
    expect(target?.tags).toEqual([
      'everything',
      'row:default:public.products:["1"]',
      'rows:default:public.products',
    ])
  })
})
