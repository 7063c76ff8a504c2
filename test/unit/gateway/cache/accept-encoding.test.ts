import { describe, expect, it } from 'vitest'
import { AcceptedEncodings, chooseEncoding } from '../../../../src/gateway/cache/accept-encoding.ts'

describe('Accept-Encoding', () => {
  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['br ; q=0.5 ,gzip;q=0.5', 'br'],
    ['br;q=0, gzip;q=0', 'identity'],
    ['identity', 'identity'],
    ['identity;q=1, br;q=0.9', 'identity'],
    ['identity;q=0.5, br;q=0.9', 'br'],
    ['gzip;q=0.001', 'gzip'],
    ['*', 'br'],
    ['*;q=0', 'identity'],
    ['*;q=0, gzip', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['identity;q=0', 'identity'],
    ['identity;q=0, gzip', 'gzip'],
    ['deflate', 'identity'],
    ['brotli', 'identity'],
    ['', 'identity'],
    [',,', 'identity'],
    ['gzip;q=2', 'identity'],
    ['gzip;q=-1', 'identity'],
    ['gzip;q=0.1234', 'identity'],
    ['gzip;level=9', 'identity'],
    ['gzip;q=1;x=1', 'identity'],
    ['br;q=x, gzip', 'gzip'],
  ])('%j is answered with %s', (header, encoding) => {
    expect(chooseEncoding(header)).toBe(encoding)
  })

  it('that is not there is answered with identity', () => {
    expect(new AcceptedEncodings().of(undefined)).toBe('identity')
  })

  it('is answered alike again, and when more values came than are remembered', () => {
    const encodings = new AcceptedEncodings()
    expect([encodings.of('br'), encodings.of('br')]).toEqual(['br', 'br'])
    for (let value = 0; value < 2_500; value += 1) encodings.of(`gzip, x${value}`)
    expect([encodings.of('br'), encodings.of('gzip, x2')]).toEqual(['br', 'gzip'])
  })
})
