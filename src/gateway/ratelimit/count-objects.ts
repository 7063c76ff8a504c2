import type { CostWeights } from './limit-options.ts'

/** Larger bodies are not read for it: what was estimated stands. */
export const COUNTED_BYTES_MAX = 1_048_576

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = 0x7b
const CLOSING = 0x7d
/** The answer itself and its `data` stand around the objects. */
const LEVELS_AROUND = 2

/**
 * The points of the objects that an answer has, by the same weights as the estimate; `undefined` when it is too
 * large to be read for it. About a millisecond for a megabyte.
 */
export function objectPoints(
  body: Buffer,
  { object, depth }: Pick<CostWeights, 'object' | 'depth'>,
): number | undefined {
  if (body.length > COUNTED_BYTES_MAX) return undefined
  let points = 0
  let level = 0
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index]
    if (byte === QUOTE) index = endOfString(body, index)
    else if (byte === CLOSING) level -= 1
    else if (byte === OPENING) {
      level += 1
      if (level > LEVELS_AROUND) points += object + (level - LEVELS_AROUND - 1) * depth
    }
  }
  return points
}

/** The place of the quote that ends the string begun at `start`. */
function endOfString(body: Buffer, start: number): number {
  let end = body.indexOf(QUOTE, start + 1)
  while (end !== -1) {
    let backslashes = 0
    while (body[end - 1 - backslashes] === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return end
    end = body.indexOf(QUOTE, end + 1)
  }
  return body.length
}
