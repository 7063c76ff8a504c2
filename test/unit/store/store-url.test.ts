import { describe, expect, it } from 'vitest'
import { parseStoreUrl } from '../../../src/store/index.ts'

describe('parseStoreUrl', () => {
  it('knows the engine in this process', () => {
    expect(parseStoreUrl('embedded:')).toEqual({ kind: 'embedded' })
  })

  it('fills in the port and the database', () => {
    expect(parseStoreUrl('redis://cache')).toEqual({
      kind: 'remote',
      tls: false,
      host: 'cache',
      port: 6379,
      username: undefined,
      password: undefined,
      database: 0,
    })
  })

  it('reads every part', () => {
    expect(parseStoreUrl('rediss://us%40er:p%2Fw@[::1]:7000/12')).toEqual({
      kind: 'remote',
      tls: true,
      host: '::1',
      port: 7000,
      username: 'us@er',
      password: 'p/w',
      database: 12,
    })
  })

  it.each([
    '',
    'embedded',
    'http://cache',
    'redis:',
    'redis://',
    'redis://cache/one',
    'redis://cache/1/2',
    'redis://cache?db=1',
    'redis://cache#1',
    'redis://:%zz@cache',
    'redis://cache:99999',
  ])('refuses "%s"', (text) => {
    expect(parseStoreUrl(text)).toBeUndefined()
  })
})
