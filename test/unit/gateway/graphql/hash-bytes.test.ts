import { describe, expect, it } from 'vitest'
import { hashBytes } from '../../../../src/gateway/graphql/hash-bytes.ts'

describe('hashBytes', () => {
  it('is the same for the same bytes and seed', () => {
    const bytes = Buffer.from('{"query":"{ products { id } }"}')
    expect(hashBytes(Buffer.from(bytes), 7)).toBe(hashBytes(bytes, 7))
  })

  it('differs with the seed', () => {
    const bytes = Buffer.from('{"query":"{ products { id } }"}')
    expect(hashBytes(bytes, 8)).not.toBe(hashBytes(bytes, 7))
  })

  it('depends on each byte, up to the last of an odd length', () => {
    const bytes = Buffer.from('abcdefghijk')
    const hashes = Array.from(bytes, (_, index) => {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(0x7e, index)
      return hashBytes(changed, 0)
    })
    expect(new Set([...hashes, hashBytes(bytes, 0)]).size).toBe(bytes.length + 1)
  })

  it('depends on the length', () => {
    const hashes = [0, 1, 2, 3, 4, 5, 8].map((length) => hashBytes(Buffer.alloc(length), 0))
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('is a 32-bit integer', () => {
    for (let index = 0; index < 100; index += 1) {
      const hash = hashBytes(Buffer.from(`body ${index}`), index)
      expect(hash | 0).toBe(hash)
    }
  })
})
