import { describe, expect, it } from 'vitest'
import { lzfDecompress } from '../../../../src/engine/structures/lzf.ts'

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
