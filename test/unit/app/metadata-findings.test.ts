import { describe, expect, it } from 'vitest'
import { metadataFindings } from '../../../src/app/metadata-findings.ts'
import { loadConfig } from '../../../src/config/index.ts'
import { SHOP_DESCRIPTION } from '../../support/shop-description.ts'

describe('metadataFindings', () => {
  it('finds nothing in rules that name what Hasura knows', () => {
    expect(
      findings(`
cache:
  rules:
    - { tables: [products, public.orders], roles: [user, admin], ttl: 1m }
    - { root_fields: [products_by_pk, weather], ttl: 0 }
rate_limit:
  rules: [{ name: a, roles: [user], per: user, limit: 1, window: 1m }]
`),
    ).toEqual([])
  })

  it.each([
    ['{ roles: [usr], ttl: 1m }', 'roles', 'Hasura knows no role "usr"; did you mean "user"?'],
    [
      '{ tables: [prodcts], ttl: 1m }',
      'tables',
      'Hasura knows no table "public.prodcts"; did you mean "public.products"?',
    ],
    [
      '{ root_fields: [zzzzzzzz], ttl: 1m }',
      'root_fields',
      'Hasura knows no root field "zzzzzzzz"',
    ],
    [
      '{ root_fields: [weather], ttl: 1m }',
      'root_fields',
      '"weather" is never cached: it is an action',
    ],
  ])('finds what is wrong with %s', (rule, key, message) => {
    expect(findings(`cache: { rules: [${rule}] }`)).toEqual([
      { path: ['cache', 'rules', 0, key, 0], message },
    ])
  })

  it('finds a role of a limit that nobody has', () => {
    const rule = '{ name: a, roles: [user, gold], per: user, limit: 1, window: 1m }'
    expect(findings(`rate_limit: { rules: [${rule}] }`)).toEqual([
      { path: ['rate_limit', 'rules', 0, 'roles', 1], message: 'Hasura knows no role "gold"' },
    ])
  })
})

function findings(yaml: string) {
  const readFile = () => yaml
  const config = loadConfig({ fileName: 'g.yaml', environment: {}, flags: new Map(), readFile })
  return metadataFindings(config, SHOP_DESCRIPTION)
}
