import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lzfDecompress } from '../../../../src/engine/structures/lzf.ts'
import { LzfCompressor } from '../../../../src/engine/structures/lzf-compressor.ts'

function pack(compressor: LzfCompressor, input: Uint8Array, lengthMax: number): Uint8Array {
  const output = new Uint8Array(3 + input.length * 2)
  const length = compressor.compress(input, 0, input.length, output, 3, lengthMax)
  return output.slice(3, 3 + length)
}

/** Few letters and repetitions: there is something to find. */
const texts = fc
  .array(fc.constantFrom('a', 'ab', 'abc', 'xyz', 'x'.repeat(300), '\0'), { maxLength: 200 })
  .map((parts) => Buffer.from(parts.join('')))

describe('LzfCompressor', () => {
  it('packs what its counterpart unpacks, one input after the other', () => {
    const compressor = new LzfCompressor()
    fc.assert(
      fc.property(fc.oneof(texts, fc.uint8Array({ maxLength: 500 })), (input) => {
        const packed = pack(compressor, input, input.length * 2)
        expect(lzfDecompress(packed, input.length)).toEqual(Buffer.from(input))
      }),
    )
  })

  it('finds what lies up to 8192 bytes before, and no further', () => {
    const random = Buffer.from(Array.from({ length: 8_192 }, (_, at) => (at * at * 31) >> 5))
    const near = Buffer.concat([random, random.subarray(0, 200)])
    const far = Buffer.concat([random, Buffer.from('!'), random.subarray(0, 200)])
    for (const input of [near, far]) {
      const packed = pack(new LzfCompressor(), input, input.length * 2)
      expect(lzfDecompress(packed, input.length)).toEqual(input)
    }
  })

  it('gives up when the output would be longer than allowed, and not before', () => {
    const input = Buffer.from('abcabcabcabcabcabcabcabc12345')
    const { length } = pack(new LzfCompressor(), input, 100)
    expect(pack(new LzfCompressor(), input, length)).toHaveLength(length)
    expect(pack(new LzfCompressor(), input, length - 1)).toHaveLength(0)
  })

  it('makes little of a run', () => {
    const input = new Uint8Array(10_000).fill(97)
    expect(pack(new LzfCompressor(), input, 10_000).length).toBeLessThan(200)
  })
})
