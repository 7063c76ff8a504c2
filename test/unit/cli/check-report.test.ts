import { describe, expect, it } from 'vitest'
import { accessOf } from '../../../src/app/access.ts'
import { renderReport } from '../../../src/cli/check-report.ts'
import { loadConfig } from '../../../src/config/index.ts'
import { SHOP_DESCRIPTION } from '../../support/shop-description.ts'

const YAML = `
auth: { admin_secrets: [s], unauthorized_role: anonymous }
cache:
  ttl: 30s
  rules:
    - { operations: [Special], ttl: 5s }
    - { root_fields: [products], ttl: 1m }
    - { tables: [orders], roles: [manager], ttl: 2h }
rate_limit:
  rules: [{ name: per-user, per: user, limit: 120, window: 1m }]
`

describe('renderReport', () => {
  it('says what is cached, keyed by what, limited how', () => {
    expect(report(YAML)).toBe(`\
Upstream   http://localhost:8080: Hasura v2.48.16, /healthz: OK
Metadata   version 7, 3 roles
Store      in this process, at most 256mb, volatile-lru
Who asks   admin secret, else role anonymous

Cached: queries with @cached, 30s unless it says otherwise, at most 1h
and what the first rule that matches names:
  1. operations Special; roles all but admin: 5s
  2. root fields products; roles all but admin: 1m
  3. tables orders; roles manager: 1h

Keyed by the query, its variables, the role and these session variables:
  role     table            session variables  stale after writes to        root fields, kept how long
  manager  public.orders    x-hasura-org-id    public.orders, public.users  orders, orders_by_pk: @cached only
  user     public.products  none: shared       public.products              products: 1m; products_by_pk: @cached only
  user     public.orders    x-hasura-user-id   public.orders                orders, orders_by_pk: @cached only

Never cached:
  weather  it is an action

Limited (while the store fails, limits let requests pass):
  per-user: 120 requests in any 1m per user; roles all but admin
  one request: 1mb body, 10000 tokens, depth 50, 1000 nodes, 100 operations in a batch

Sessions: POST /session gives the cookie __Host-gerbang-session for 12h, SameSite=lax

With caution:
  What the view product_sales reads is not known.`)
  })

  it('tells Hasura’s own limits where the configuration has none', () => {
    const limits = [
      { role: undefined, requestsPerMinute: 60, per: ['role', 'ip'] },
      { role: 'user', requestsPerMinute: 9, per: ['role'] },
    ]
    const description = { ...SHOP_DESCRIPTION, rateLimits: limits }
    const lines = [
      '  all other roles but admin: 60 in any minute per role and ip',
      '  user: 9 in any minute per role',
    ].join('\n')
    const told = 'Limited: by the rate limits in Hasura’s metadata, if it has any'
    expect(report('', description)).toContain(told)
    expect(report('', description)).toContain(lines)
    expect(report('rate_limit: { metadata: off }', description)).not.toContain(lines)
    expect(report(YAML, description)).not.toContain(lines)
  })

  it.each([
    ['unit: cost, limit: 9, window: 1m', '9 points in any 1m per ip and operation'],
    ['algorithm: concurrency, limit: 3', '3 operations at once per ip and operation'],
    [
      'algorithm: gcra, limit: 9, window: 1s, burst: 2',
      '9 requests each 1s, evenly, 2 at once, per ip and operation',
    ],
    ['limit: 1, window: 1s, shadow: true', 'all but admin; in shadow, refusing nothing'],
    ['limit: 1, window: 1s, root_fields: [login]', 'all but admin; root fields login'],
  ])('words a limit with %s', (fields, text) => {
    const rule = `{ name: a, per: [ip, operation], ${fields} }`
    expect(report(`rate_limit: { rules: [${rule}] }`)).toContain(text)
  })

  it('says what is off', () => {
    const text = report(
      'cache: { enabled: false }\nrate_limit: { enabled: false }\nsession: { enabled: false }',
    )
    expect(text).toContain('Cached: nothing, cache.enabled is false')
    expect(text).toContain('Limited: by no rate')
    expect(text).toContain('Sessions: none, session.enabled is false')
    expect(text).toContain('no secret: every request is an admin’s')
  })

  it('says what it could not learn', () => {
    const config = configOf('')
    const text = renderReport(config, {
      directory: undefined,
      version: undefined,
      health: undefined,
      description: undefined,
      access: [],
      findings: [],
    })
    expect(text).toContain('http://localhost:8080: does not answer')
    expect(text).toContain('Metadata   not read')
    expect(text).not.toContain('Keyed by')
  })

  it('says so when a directory was read instead of Hasura', () => {
    const text = renderReport(configOf(''), {
      directory: 'hasura/metadata',
      version: undefined,
      health: undefined,
      description: SHOP_DESCRIPTION,
      access: [],
      findings: [],
    })
    expect(text).toContain('http://localhost:8080: not asked')
    expect(text).toContain('Metadata   hasura/metadata, 3 roles')
  })
})

function report(yaml: string, description = SHOP_DESCRIPTION): string {
  const config = configOf(yaml)
  return renderReport(config, {
    directory: undefined,
    version: 'v2.48.16',
    health: 'OK',
    description,
    access: accessOf(config, description),
    findings: [],
  })
}

function configOf(yaml: string) {
  const readFile = () => yaml
  return loadConfig({ fileName: 'g.yaml', environment: {}, flags: new Map(), readFile })
}
