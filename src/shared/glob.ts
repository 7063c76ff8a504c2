/**
 * Redis' glob (util.c, stringmatchlen) on one character per byte: `*`, `?`, `[a-z]`, `[^a]` and `\` before
 * a character. Linear in the text for each star: a hostile pattern cannot make it explode.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let patternAt = 0
  let textAt = 0
  let starAt = -1
  let starTextAt = 0
  while (textAt < text.length) {
    const after =
      pattern.charAt(patternAt) === '*' ? -1 : matchOne(pattern, patternAt, text, textAt)
    if (after > 0) {
      patternAt = after
      textAt += 1
    } else if (after === -1 && patternAt < pattern.length && pattern.charAt(patternAt) === '*') {
      starAt = patternAt
      starTextAt = textAt
      patternAt += 1
    } else if (starAt >= 0) {
      // The last star takes one character more.
      patternAt = starAt + 1
      starTextAt += 1
      textAt = starTextAt
    } else {
      return false
    }
  }
  while (pattern.charAt(patternAt) === '*') patternAt += 1
  return patternAt >= pattern.length
}

/** Where the pattern goes on when its element at `patternAt` matches the character; 0 when it does not. */
function matchOne(pattern: string, patternAt: number, text: string, textAt: number): number {
  if (patternAt >= pattern.length) return 0
  const element = pattern.charAt(patternAt)
  const character = text.charAt(textAt)
  if (element === '?') return patternAt + 1
  if (element === '[') return matchClass(pattern, patternAt, character)
  const isEscaped = element === '\\' && patternAt + 1 < pattern.length
  const literal = isEscaped ? pattern.charAt(patternAt + 1) : element
  return literal === character ? patternAt + (isEscaped ? 2 : 1) : 0
}

function matchClass(pattern: string, patternAt: number, character: string): number {
  let at = patternAt + 1
  const isNegated = pattern.charAt(at) === '^'
  if (isNegated) at += 1
  let isMember = false
  while (at < pattern.length && pattern.charAt(at) !== ']') {
    if (pattern.charAt(at) === '\\' && at + 1 < pattern.length) {
      isMember ||= pattern.charAt(at + 1) === character
      at += 2
    } else if (pattern.charAt(at + 1) === '-' && at + 2 < pattern.length) {
      const [low = '', high = ''] = [pattern.charAt(at), pattern.charAt(at + 2)].sort()
      isMember ||= character >= low && character <= high
      at += 3
    } else {
      isMember ||= pattern.charAt(at) === character
      at += 1
    }
  }
  return isMember === isNegated ? 0 : Math.min(at + 1, pattern.length)
}
