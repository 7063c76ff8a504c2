const LITERAL_LIMIT = 32
const LONG_LENGTH = 7

/** Unpacks what LibLZF packed, as RDB strings are; undefined when it is damaged or not of the length it claims. */
export function lzfDecompress(input: Uint8Array, outputLength: number): Buffer | undefined {
  const output = Buffer.allocUnsafe(outputLength)
  return lzfDecompressInto(input, 0, input.length, output, 0, outputLength) ? output : undefined
}

/** The same from a place of `input` to one of `output`, where there is room for it; false when it is damaged. */
export function lzfDecompressInto(
  input: Uint8Array,
  start: number,
  length: number,
  output: Uint8Array,
  outputStart: number,
  outputLength: number,
): boolean {
  const end = start + length
  const outputEnd = outputStart + outputLength
  let to = outputStart
  let from = start
  while (from < end) {
    const control = input[from] ?? 0
    from += 1
    if (control < LITERAL_LIMIT) {
      const literals = control + 1
      if (from + literals > end || to + literals > outputEnd) return false
      for (let index = 0; index < literals; index += 1)
        output[to + index] = input[from + index] ?? 0
      from += literals
      to += literals
      continue
    }
    let matched = control >> 5
    if (matched === LONG_LENGTH) {
      matched += input[from] ?? 0
      from += 1
    }
    const source = to - ((control & 0x1f) << 8) - (input[from] ?? 0) - 1
    from += 1
    matched += 2
    if (from > end || source < outputStart || to + matched > outputEnd) return false
    // Byte by byte: the two may overlap.
    for (let index = 0; index < matched; index += 1)
      output[to + index] = output[source + index] ?? 0
    to += matched
  }
  return to === outputEnd
}
