import { describe, expect, it } from 'vitest'
import { SessionSeal, VERSION_BYTES } from '../../../../src/gateway/session/session-seal.ts'
import { systemRandom } from '../../../../src/shared/random.ts'

const OLD = 'the old secret, of more than 32 characters'
const NEW = 'the new secret, of more than 32 characters'
const TEXT = Buffer.from('{"token":"eyJhbGciOi","user":"7"}')

const seal = (...secrets: readonly string[]): SessionSeal =>
  new SessionSeal({ secrets, random: systemRandom })

describe('SessionSeal', () => {
  it('gives back what it sealed, and the version', () => {
    const sealed = seal(OLD).seal(TEXT, { id: 'a', version: 7 })
    expect(seal(OLD).open(sealed, 'a')).toEqual({ text: TEXT, version: 7 })
    expect(sealed.readBigUInt64BE(0)).toBe(7n)
  })

  it('shows nothing of it to who has not the secret', () => {
    const sealed = seal(OLD).seal(TEXT, { id: 'a', version: 1 })
    expect(sealed.toString('latin1')).not.toMatch(/token|eyJ|user/)
    expect(seal(NEW).open(sealed, 'a')).toBeUndefined()
  })

  it('seals the same differently each time', () => {
    const one = seal(OLD).seal(TEXT, { id: 'a', version: 1 })
    expect(one.equals(seal(OLD).seal(TEXT, { id: 'a', version: 1 }))).toBe(false)
  })

  it('writes with the first secret and reads with all of them', () => {
    const before = seal(OLD).seal(TEXT, { id: 'a', version: 1 })
    const rotated = seal(NEW, OLD)
    expect(rotated.open(before, 'a')?.text).toEqual(TEXT)
    const after = rotated.seal(TEXT, { id: 'a', version: 2 })
    expect(seal(NEW).open(after, 'a')?.text).toEqual(TEXT)
    expect(seal(OLD).open(after, 'a')).toBeUndefined()
  })

  it('does not take the record of one session for that of another', () => {
    const sealed = seal(OLD).seal(TEXT, { id: 'a', version: 1 })
    expect(seal(OLD).open(sealed, 'b')).toBeUndefined()
  })

  it('does not take an older version for a newer one', () => {
    const sealed = seal(OLD).seal(TEXT, { id: 'a', version: 1 })
    sealed.writeBigUInt64BE(2n)
    expect(seal(OLD).open(sealed, 'a')).toBeUndefined()
  })

  it('notices every byte that was changed', () => {
    const sealed = seal(OLD).seal(TEXT, { id: 'a', version: 1 })
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(seal(OLD).open(changed, 'a'), `byte ${at}`).toBeUndefined()
    }
  })

  it('takes nothing that is too short', () => {
    const sealed = seal(OLD).seal(TEXT, { id: 'a', version: 1 })
    for (const length of [0, VERSION_BYTES, 39, 40]) {
      expect(seal(OLD).open(sealed.subarray(0, length), 'a')).toBeUndefined()
    }
  })
})
