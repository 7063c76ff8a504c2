const LITERAL_LIMIT = 32
const LONG_LENGTH = 7

/** Unpacks what LibLZF packed, as RDB strings are; undefined when it is damaged or not of the length it claims. */
export function lzfDecompress(input: Uint8Array, outputLength: number): Buffer | undefined {
  const output = Buffer.allocUnsafe(outputLength)
  let to = 0
  let from = 0
  while (from < input.length) {
    const control = input[from] ?? 0
    from += 1
    if (control < LITERAL_LIMIT) {
      const length = control + 1
      if (from + length > input.length || to + length > outputLength) return undefined
      output.set(input.subarray(from, from + length), to)
      from += length
      to += length
      continue
    }
    let length = control >> 5
    if (length === LONG_LENGTH) {
      length += input[from] ?? 0
      from += 1
    }
    const source = to - ((control & 0x1f) << 8) - (input[from] ?? 0) - 1
    from += 1
    length += 2
    if (from > input.length || source < 0 || to + length > outputLength) return undefined
    // Byte by byte: the two may overlap.
    for (let index = 0; index < length; index += 1) output[to + index] = output[source + index] ?? 0
    to += length
  }
  return to === outputLength ? output : undefined
}
