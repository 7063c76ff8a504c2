import { describe, expect, it } from 'vitest'
import { formatByteSize, parseByteSize } from '../../../src/shared/byte-size.ts'

describe('parseByteSize', () => {
  it.each([
    ['0', 0],
    ['4096', 4_096],
    ['1b', 1],
    ['1k', 1_000],
    ['1kb', 1_024],
    ['2M', 2_000_000],
    ['256MB', 268_435_456],
    ['1g', 1_000_000_000],
    ['1gb', 1_073_741_824],
  ])('reads %s as %d bytes, as redis.conf does', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes)
  })

  it.each(['', 'mb', '-1', '1.5mb', '1 mb', '1tb', '99999999999999999gb'])(
    'refuses "%s"',
    (text) => {
      expect(parseByteSize(text)).toBeUndefined()
    },
  )
})

describe('formatByteSize', () => {
  it.each(['0', '1', '1000', '1kb', '1536kb', '256mb', '2gb'])(
    'writes %s as it was read',
    (text) => {
      expect(formatByteSize(parseByteSize(text) ?? Number.NaN)).toBe(text)
    },
  )
})
