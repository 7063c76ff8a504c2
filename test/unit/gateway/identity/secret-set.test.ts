import { describe, expect, it } from 'vitest'
import { SecretSet } from '../../../../src/gateway/identity/secret-set.ts'

const secrets = new SecretSet(['first', 'second', 'grüße'])
/** As Node.js hands over a header that was sent in UTF-8. */
const asHeader = (text: string): string => Buffer.from(text).toString('latin1')

describe('SecretSet', () => {
  it.each([
    ['first', 0],
    ['second', 1],
    [asHeader('grüße'), 2],
    ['First', undefined],
    ['firs', undefined],
    ['', undefined],
    [undefined, undefined],
    [['first'], undefined],
  ])('finds %j at %j', (header, index) => {
    expect(secrets.indexOf(header)).toBe(index)
  })

  it('knows when there is none', () => {
    expect(secrets.isEmpty).toBe(false)
    expect(new SecretSet([]).isEmpty).toBe(true)
    expect(new SecretSet([]).indexOf('')).toBeUndefined()
  })
})
