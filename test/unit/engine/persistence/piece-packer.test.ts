import { describe, expect, it } from 'vitest'
import { PieceCopy } from '../../../../src/engine/persistence/piece-copy.ts'
import { PiecePacker } from '../../../../src/engine/persistence/piece-packer.ts'
import { ENCODED_LZF } from '../../../../src/engine/persistence/rdb-encoding.ts'
import { RdbOutput } from '../../../../src/engine/persistence/rdb-output.ts'
import { RdbSum } from '../../../../src/engine/persistence/rdb-sum.ts'
import { StringPlaces } from '../../../../src/engine/persistence/string-places.ts'

const NO_BYTES = new Uint8Array(0)
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

function outputOf(texts: readonly string[], places?: StringPlaces): RdbOutput {
  const output = new RdbOutput()
  output.places = places
  for (const text of texts) {
    output.byte(0)
    output.text(text)
  }
  return output
}

/** Where strings were left to be packed, as pairs of a start and a length, and what that makes. */
function packLater(texts: readonly string[]): { places: number[]; packed: Buffer } {
  const places = new StringPlaces()
  const bytes = outputOf(texts, places).written()
  const piece = { bytes, places: places.written() }
  const packed = new PiecePacker(undefined).pack(piece, NO_BYTES)
  return { places: [...piece.places], packed: Buffer.from(packed) }
}

describe('PiecePacker', () => {
  it.each([
    ['an integer', '-2147483648', [], false],
    ['too large an integer', '2147483648', [], false],
    ['20 bytes', 'a'.repeat(20), [], false],
    ['21 bytes', 'a'.repeat(21), [1, 21], true],
    ['digits', '1'.repeat(21), [1, 21], true],
    ['bytes that do not repeat', LETTERS, [1, 26], false],
    ['bytes that are worth it', `${LETTERS}abcdefghi`, [1, 35], true],
    ['bytes that are not', `${LETTERS}abcdefgh`, [1, 34], false],
    ['a long string', 'the same again, '.repeat(10_000), [1, 160_000], true],
  ])('packs %s as if it had been packed at once', (_what, text, expected, isPacked) => {
    const { places, packed } = packLater([text])
    expect(places).toEqual(expected)
    expect(packed[1] === ENCODED_LZF).toBe(isPacked)
    expect(packed.equals(outputOf([text]).written())).toBe(true)
  })

  it('packs many strings, with what stands between them', () => {
    const texts = Array.from({ length: 5_000 }, (_, index) => LETTERS.repeat(index % 5) + index)
    const { places, packed } = packLater(texts)
    expect(places.length).toBe(2 * 4_000)
    expect(packed.equals(outputOf(texts).written())).toBe(true)
  })

  it('sums up what it gives, over all pieces', () => {
    const texts = [LETTERS.repeat(10), 'short', LETTERS.repeat(20)]
    const [sum, expected] = [new RdbSum(true), new RdbSum(true)]
    const packer = new PiecePacker(sum)
    for (const text of texts) {
      const places = new StringPlaces()
      const bytes = outputOf([text], places).written()
      packer.pack({ bytes, places: places.written() }, NO_BYTES)
    }
    packer.pack({ bytes: Buffer.from('as it is'), places: undefined }, NO_BYTES)
    expected.update(outputOf(texts).written())
    expected.update(Buffer.from('as it is'))
    expect(sum.spelled()).toEqual(expected.spelled())
  })
})

describe('PieceCopy', () => {
  const texts = ['short', LETTERS, LETTERS]
  // One byte and 6, then 1 and 26 twice.
  const places = new StringPlaces()
  const bytes = outputOf(texts, places).written()
  const piece = { bytes, places: places.written() }

  it.each([
    [7, 7],
    [8, 8],
    [9, 34],
    [34, 34],
    [35, 35],
    [36, 61],
    [1_000, 61],
  ])('goes on for %d bytes, and to the end of a string', (bytesMax, length) => {
    const copy = new PieceCopy()
    copy.step(piece, new RdbOutput(), bytesMax)
    expect(copy.length).toBe(length)
  })

  it('notes strings again where they are not to be packed yet', () => {
    const output = new RdbOutput()
    output.places = new StringPlaces()
    output.text('before')
    const copy = new PieceCopy()
    while (copy.length < bytes.length) copy.step(piece, output, 1)
    expect([...output.places.written()]).toEqual([15, 26, 42, 26])
    expect(Buffer.from(output.written()).toString('latin1').slice(7)).toBe(
      Buffer.from(bytes).toString('latin1'),
    )
  })
})
