import { describe, expect, it } from 'vitest'
import { viewOf } from '../../../../src/engine/memory/byte-slice.ts'
import { lzfDecompress, lzfDecompressInto } from '../../../../src/engine/structures/lzf.ts'

/** "a", then 20 bytes from one place back: a run. */
const RUN = Uint8Array.of(0, 0x61, 0xe0, 11, 0)

describe('lzfDecompress', () => {
  it('copies literals', () => {
    expect(lzfDecompress(Uint8Array.of(2, 1, 2, 3), 3)).toEqual(Buffer.of(1, 2, 3))
  })

  it('repeats what it has just written', () => {
    expect(lzfDecompress(RUN, 21)?.toString()).toBe('a'.repeat(21))
  })

  it.each([
    ['more than it claims', RUN, 20],
    ['less than it claims', RUN, 22],
    ['a literal that is cut off', Uint8Array.of(5, 1, 2), 6],
    ['a place before the start', Uint8Array.of(0, 0x61, 0x20, 1), 4],
    ['a reference that is cut off', Uint8Array.of(0, 0x61, 0xe0), 10],
  ])('refuses %s', (_name, input, length) => {
    expect(lzfDecompress(input, length)).toBeUndefined()
  })
})

describe('lzfDecompressInto', () => {
  it.each([1, 2, 3, 4, 5, 8])(
    'repeats a run of %i, of any length, and touches no neighbour',
    (run) => {
      const literals = Buffer.from('abcdefgh'.slice(0, run))
      for (let matched = 3; matched < 9; matched += 1) {
        const length = run + matched
        // From the second byte on: a literal, and a match that goes back by the whole run.
        const input = Buffer.of(9, run - 1, ...literals, (matched - 2) << 5, run - 1)
        const output = Buffer.alloc(length + 2, '-')
        const into = viewOf(output)
        expect(lzfDecompressInto(viewOf(input), 1, input.length - 1, into, 1, length)).toBe(true)
        const text = literals.toString().repeat(length).slice(0, length)
        expect(output.toString()).toBe(`-${text}-`)
      }
    },
  )

  it('goes back no further than to its own first byte', () => {
    const input = Buffer.of(0, 0x61, 0x20, 1)
    const output = Buffer.alloc(9, '-')
    expect(lzfDecompressInto(viewOf(input), 0, input.length, viewOf(output), 5, 4)).toBe(false)
    expect(output.toString()).toBe('-----a---')
  })
})
