import type { Words } from './grammar/production.ts'
import { itemsOf, type Reply, showReply } from './reply.ts'

/** Their elements come in the order of a hash table, which no client may rely on. */
const UNORDERED = new Set(['KEYS', 'SMEMBERS', 'SUNION', 'SINTER', 'SDIFF', 'HKEYS', 'HVALS'])
const UNORDERED_PAIRS = new Set(['HGETALL', 'CONFIG'])

/** Two moments of one command on two servers lie apart; in the unit of the reply. */
const CLOCK_TOLERANCES: ReadonlyMap<string, bigint> = new Map([
  ['TTL', 1n],
  ['EXPIRETIME', 1n],
  ['PTTL', 1_500n],
  ['PEXPIRETIME', 1_500n],
])

/**
 * Doubles with all their digits. Sines differ in the last one between libraries of mathematics (distances of geo
 * commands): no client can rely on it.
 */
const LONG_DOUBLE = /-?\d+\.\d{9,}(?:e[+-]\d+)?/g
const COMPARED_DIGITS = 12

/** What must be equal of a reply to `words`: all of it, but for an order that is open. */
export function comparable(words: Words, reply: Reply): string {
  return roundDoubles(inKnownOrder(words, reply))
}

export function roundDoubles(text: string): string {
  return text.replace(LONG_DOUBLE, (digits) => Number(digits).toPrecision(COMPARED_DIGITS))
}

function inKnownOrder(words: Words, reply: Reply): string {
  const name = nameOf(words)
  if (!('items' in reply)) return showReply(reply)
  if (UNORDERED.has(name)) return `${reply.type} ${sorted(reply.items.map(showReply))}`
  if (UNORDERED_PAIRS.has(name)) return `${reply.type} ${sorted(pairsOf(reply))}`
  return showReply(reply)
}

/** Whether two replies to `words` say the same; not for commands that choose by chance. */
export function isSame(words: Words, theirs: Reply, ours: Reply): boolean {
  const tolerance = CLOCK_TOLERANCES.get(nameOf(words))
  if (tolerance !== undefined && theirs.type === 'integer' && ours.type === 'integer') {
    const apart = theirs.value - ours.value
    if (theirs.value > 0n) return apart <= tolerance && -apart <= tolerance
  }
  return comparable(words, theirs) === comparable(words, ours)
}

/** What is certain of a reply made by chance: its kind and its size. */
export function shapeOf(reply: Reply): string {
  if ('items' in reply) return `${reply.type} of ${reply.items.length}`
  return reply.type === 'error' ? showReply(reply) : reply.type
}

/** Each field with its value, of a flat list or a map. */
export function pairsOf(reply: Reply): readonly string[] {
  const shown = itemsOf(reply).map(showReply)
  return shown.flatMap((field, index) => (index % 2 === 0 ? [`${field}=${shown[index + 1]}`] : []))
}

export function sorted(texts: Iterable<string>): string {
  return [...texts].sort().join(' ')
}

export function nameOf(words: Words): string {
  return (words[0] ?? '').toUpperCase()
}
