import { describe, expect, it } from 'vitest'
import { gatewayOptions } from '../../../src/app/gateway-options.ts'
import { loadConfig } from '../../../src/config/index.ts'

describe('gatewayOptions', () => {
  it('reads Hasura’s metadata with the first admin secret unless told another', () => {
    const yaml = 'auth: { admin_secrets: [a, b] }'
    expect(options(yaml).upstream.adminSecret).toBe('a')
    expect(options(`${yaml}\nupstream: { admin_secret: c }`).upstream.adminSecret).toBe('c')
    expect(options('').upstream.adminSecret).toBeUndefined()
  })

  it('leaves out what a rule does not say', () => {
    const rules = 'rules: [{ root_fields: [products], ttl: 1m }]'
    expect(options(`cache: { ${rules} }`).cache.rules).toEqual([
      { rootFields: ['products'], ttlMs: 60_000 },
    ])
  })

  it('tells requests apart by their text unless told to look at the schema', () => {
    expect(options('').cache.normalisation).toBe('text')
    expect(options('cache: { normalisation: schema }').cache.normalisation).toBe('schema')
    const isRefused = /cache.normalisation: expected one of text, schema, got 2/
    expect(() => options('cache: { normalisation: 2 }')).toThrow(isRefused)
  })

  it('hands limits over in milliseconds', () => {
    const rules = 'rules: [{ name: a, per: user, limit: 10, window: 2m }]'
    expect(options(`rate_limit: { ${rules} }`).rateLimit.rules).toEqual([
      {
        name: 'a',
        per: [{ kind: 'user' }],
        unit: 'requests',
        algorithm: 'window',
        limit: 10,
        windowMs: 120_000,
        slots: 120,
        isShadow: false,
        onStoreFailure: 'open',
      },
    ])
  })

  it.each([
    [
      'per: [user, X-Hasura-Org-Id]',
      { per: [{ kind: 'user' }, { kind: 'variable', name: 'x-hasura-org-id' }] },
    ],
    ['per: "header:X-Api-Key"', { per: [{ kind: 'header', name: 'x-api-key' }] }],
    ['per: []', { per: [] }],
    ['per: ip, exact: true', { algorithm: 'log' }],
    ['per: ip, algorithm: gcra, burst: 3', { algorithm: 'gcra', burst: 3 }],
    [
      'per: ip, algorithm: concurrency, lease: 9s, window: 1s',
      { algorithm: 'concurrency', windowMs: 9_000 },
    ],
    ['per: ip, hit_weight: 0, shadow: true', { hitWeight: 0, isShadow: true }],
    [
      'per: ip, operations: [A], root_fields: [login]',
      { operations: ['A'], rootFields: ['login'] },
    ],
    ['per: ip, unit: cost, on_store_failure: local', { unit: 'cost', onStoreFailure: 'local' }],
  ])('reads a rule with %s', (fields, expected) => {
    const window = fields.includes('window') ? '' : ', window: 1m'
    const yaml = `rate_limit: { on_store_failure: closed, rules: [{ name: a, limit: 10${window}, ${fields} }] }`
    const [rule] = options(yaml).rateLimit.rules
    expect(rule).toMatchObject({ onStoreFailure: 'closed', ...expected })
  })

  it('takes the costs of root fields apart', () => {
    const costs = 'cost_root_fields: [{ names: [a, b], cost: 7 }, { names: [c], cost: 0 }]'
    expect([...options(`rate_limit: { ${costs} }`).rateLimit.cost.rootFields]).toEqual([
      ['a', 7],
      ['b', 7],
      ['c', 0],
    ])
  })
})

function options(yaml: string) {
  const config = loadConfig({
    fileName: 'g.yaml',
    environment: {},
    flags: new Map(),
    readFile: () => yaml,
  })
  return gatewayOptions(config)
}
