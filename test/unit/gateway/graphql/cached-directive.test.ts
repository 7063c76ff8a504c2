import { describe, expect, it } from 'vitest'
import { operationOf } from '../../../support/prepare.ts'

function cached(directives: string, head = 'query ($t: Int!, $r: Boolean!)') {
  return operationOf(`${head} ${directives} { a }`).cached
}

describe('@cached', () => {
  it.each([
    ['', undefined],
    ['@other', undefined],
    ['@cached', { ttlSeconds: undefined, refresh: false }],
    ['@other @cached', { ttlSeconds: undefined, refresh: false }],
    ['@cached(ttl: 5)', { ttlSeconds: 5, refresh: false }],
    ['@cached(ttl: 0)', { ttlSeconds: 0, refresh: false }],
    ['@cached(ttl: -1)', { ttlSeconds: -1, refresh: false }],
    ['@cached(ttl: 2147483647)', { ttlSeconds: 2_147_483_647, refresh: false }],
    ['@cached(refresh: true)', { ttlSeconds: undefined, refresh: true }],
    ['@cached(refresh: false, ttl: 7)', { ttlSeconds: 7, refresh: false }],
  ])('reads %j', (directives, expected) => {
    expect(cached(directives)).toEqual(expected)
  })

  it.each([
    ['a variable as ttl', '@cached(ttl: $t)'],
    ['a variable as refresh', '@cached(refresh: $r)'],
    ['null as ttl', '@cached(ttl: null)'],
    ['null as refresh', '@cached(refresh: null)'],
    ['a float as ttl', '@cached(ttl: 5.0)'],
    ['a string as ttl', '@cached(ttl: "5")'],
    ['a string as refresh', '@cached(refresh: "true")'],
    ['an enum value as refresh', '@cached(refresh: TRUE)'],
    ['more than an Int as ttl', '@cached(ttl: 2147483648)'],
    ['an unknown argument', '@cached(ttl: 5, scope: PRIVATE)'],
    ['an argument twice', '@cached(ttl: 5, ttl: 6)'],
    ['the directive twice', '@cached @cached'],
    ['the directive twice with arguments', '@cached(ttl: 5) @other @cached(ttl: 5)'],
  ])('is invalid with %s', (_, directives) => {
    expect(cached(directives)).toBe('invalid')
  })

  it('is read on a mutation and a subscription too, which are not cached whatever it says', () => {
    expect(cached('@cached(ttl: 5)', 'mutation')).toEqual({ ttlSeconds: 5, refresh: false })
    expect(cached('@cached', 'subscription')).toEqual({ ttlSeconds: undefined, refresh: false })
  })

  it('counts on the operation only', () => {
    expect(operationOf('{ a @cached(ttl: 5) { b } }').cached).toBeUndefined()
    expect(operationOf('query A { a } query B @cached { a }', { operationName: 'A' }).cached).toBe(
      undefined,
    )
  })
})
