import { describe, expect, it } from 'vitest'
import { jwksLifetimeMs } from '../../../../src/gateway/identity/jwks-lifetime.ts'

const NOW = Date.parse('Tue, 14 Nov 2023 22:13:20 GMT')
const IN_A_MINUTE = 'Tue, 14 Nov 2023 22:14:20 GMT'

/** determineJwkExpiryLifetime of graphql-engine v2. */
describe('jwksLifetimeMs', () => {
  it.each<[Readonly<Record<string, string>>, number | undefined]>([
    [{}, undefined],
    [{ 'cache-control': 'max-age=10' }, 10_000],
    [{ 'cache-control': 'Max-Age="10"' }, 10_000],
    [{ 'cache-control': 's-maxage=20' }, 20_000],
    [{ 'cache-control': 'public, max-age=10, s-maxage=20' }, 10_000],
    [{ 'cache-control': 'max-age=10, must-revalidate' }, 10_000],
    [{ 'cache-control': 'must-revalidate' }, 0],
    [{ 'cache-control': 'must-revalidate, no-store, max-age=5' }, 5_000],
    [{ 'cache-control': 'no-cache' }, 0],
    [{ 'cache-control': 'no-store' }, 0],
    [{ 'cache-control': 'no-cache, max-age=10' }, 0],
    [{ 'cache-control': 'public' }, undefined],
    [{ 'cache-control': 'max-age=ten' }, undefined],
    [{ 'cache-control': 'public', expires: IN_A_MINUTE }, 60_000],
    [{ 'cache-control': 'max-age=10', expires: IN_A_MINUTE }, 10_000],
    [{ expires: IN_A_MINUTE }, 60_000],
    [{ expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
    [{ expires: 'soon' }, undefined],
  ])('of %j is %s', (headers, lifetimeMs) => {
    expect(jwksLifetimeMs(new Headers(headers), NOW)).toBe(lifetimeMs)
  })
})
