export type BitOperation = 'and' | 'or' | 'xor' | 'not'

/** The operation over strings of any length, as long as the longest: what is missing counts as zeros. */
export function combineBits(operation: BitOperation, sources: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0), ...others] = sources
  const result = new Uint8Array(Math.max(0, ...sources.map((source) => source.length)))
  result.set(first)
  if (operation === 'not') {
    for (let at = 0; at < result.length; at += 1) result[at] = ~(result[at] ?? 0)
    return result
  }
  for (const other of others) combineInto(result, other, operation)
  return result
}

function combineInto(result: Uint8Array, other: Uint8Array, operation: BitOperation): void {
  if (operation === 'and') {
    for (let at = 0; at < other.length; at += 1) result[at] = (result[at] ?? 0) & (other[at] ?? 0)
    result.fill(0, other.length)
  } else if (operation === 'or') {
    for (let at = 0; at < other.length; at += 1) result[at] = (result[at] ?? 0) | (other[at] ?? 0)
  } else {
    for (let at = 0; at < other.length; at += 1) result[at] = (result[at] ?? 0) ^ (other[at] ?? 0)
  }
}
