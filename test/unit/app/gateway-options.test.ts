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
      { name: 'a', per: 'user', limit: 10, windowMs: 120_000, slots: 64 },
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
