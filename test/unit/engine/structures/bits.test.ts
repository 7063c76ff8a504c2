import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bitAt,
  countBits,
  findBit,
  readField,
  setBitAt,
  writeField,
} from '../../../../src/engine/structures/bits.ts'

const bytes = fc.uint8Array({ minLength: 1, maxLength: 70 })

/** All bits as a text of 0 and 1, from any place of a larger buffer. */
function bitsOf(value: Uint8Array): string {
  return Array.from(value, (byte) => byte.toString(2).padStart(8, '0')).join('')
}

describe('bits of a string', () => {
  it('are counted wherever the string lies', () => {
    fc.assert(
      fc.property(bytes, fc.nat(9), (value, offset) => {
        const buffer = new Uint8Array(offset + value.length + 3).fill(0xff)
        buffer.set(value, offset)
        const expected = bitsOf(value).replaceAll('0', '').length
        expect(countBits(buffer, offset, value.length)).toBe(expected)
      }),
    )
  })

  it('are found as a text finds them, also past long runs of others', () => {
    const runs = fc.array(fc.constantFrom(0, 0xff), { minLength: 1, maxLength: 90 })
    fc.assert(
      fc.property(
        runs,
        fc.nat(9),
        fc.nat(720),
        fc.constantFrom(0, 1),
        (run, offset, first, bit) => {
          const value = Uint8Array.from(run)
          const buffer = new Uint8Array(offset + value.length)
          buffer.set(value, offset)
          const from = Math.min(first, value.length * 8)
          const expected = bitsOf(value).indexOf(String(bit), from)
          expect(findBit(buffer, offset, from, value.length * 8, bit)).toBe(expected)
        },
      ),
    )
  })

  it('are looked for no further than the end', () => {
    expect(findBit(Uint8Array.of(0x01), 0, 0, 7, 1)).toBe(-1)
    expect(findBit(Uint8Array.of(0x01), 0, 0, 8, 1)).toBe(7)
    expect(findBit(Uint8Array.of(0, 0, 0x80), 0, 0, 16, 1)).toBe(-1)
  })

  it('change alone', () => {
    fc.assert(
      fc.property(bytes, fc.nat(559), fc.constantFrom(0, 1), (value, place, bit) => {
        const at = place % (value.length * 8)
        const changed = value.slice()
        setBitAt(changed, 0, at, bit)
        expect(bitAt(changed, 0, at)).toBe(bit)
        const text = bitsOf(value)
        expect(bitsOf(changed)).toBe(`${text.slice(0, at)}${bit}${text.slice(at + 1)}`)
      }),
    )
  })

  it('make numbers of any width, which are read as they were written', () => {
    const widths = fc.integer({ min: 1, max: 64 })
    fc.assert(
      fc.property(
        bytes,
        widths,
        fc.nat(500),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (value, width, place, number) => {
          const room = new Uint8Array(value.length + 80)
          room.set(value)
          const field = BigInt.asUintN(width, number)
          writeField(room, 0, place, { width, field })
          expect(readField({ bytes: room, start: 0, length: room.length }, place, width)).toBe(
            field,
          )
          expect(bitsOf(room).slice(place, place + width)).toBe(
            field.toString(2).padStart(width, '0'),
          )
        },
      ),
    )
  })

  it('are zeros behind the end', () => {
    const value = { bytes: Uint8Array.of(0xff, 0xff), start: 0, length: 1 }
    expect(readField(value, 4, 8)).toBe(0xf0n)
    expect(readField(value, 100, 8)).toBe(0n)
  })
})
