import { describe, expect, it } from 'vitest'
import { Crc64 } from '../../../../src/engine/structures/crc64.ts'

function sumOf(...parts: readonly string[]): string {
  const sum = new Crc64()
  for (const part of parts) sum.update(Buffer.from(part))
  const bytes = Buffer.alloc(8)
  sum.writeTo(bytes, 0)
  return bytes.reverse().toString('hex')
}

describe('Crc64', () => {
  it('is that of Redis (crc64.c, its self-test)', () => {
    expect(sumOf('123456789')).toBe('e9c6d914c4b8d9ca')
  })

  it('is zero of nothing', () => {
    expect(sumOf()).toBe('0000000000000000')
  })

  it.each([[['1', '23456789']], [['12345678', '9']], [['123', '', '456', '789']]])(
    'does not depend on the pieces %j',
    (parts) => {
      expect(sumOf(...parts)).toBe(sumOf('123456789'))
    },
  )

  it('finds its eight bytes again, and no others', () => {
    const payload = Buffer.from('some longer payload........')
    const sum = new Crc64()
    sum.update(payload, 0, payload.length - 8)
    sum.writeTo(payload, payload.length - 8)
    expect(sum.matches(payload, payload.length - 8)).toBe(true)
    payload[payload.length - 1] = (payload.at(-1) ?? 0) ^ 1
    expect(sum.matches(payload, payload.length - 8)).toBe(false)
  })

  it('starts again', () => {
    const sum = new Crc64()
    sum.update(Buffer.from('before'))
    sum.reset()
    sum.update(Buffer.from('123456789'))
    const bytes = Buffer.alloc(8)
    sum.writeTo(bytes, 0)
    expect(bytes.reverse().toString('hex')).toBe('e9c6d914c4b8d9ca')
  })
})
