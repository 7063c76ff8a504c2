import { firstEntry, NO_ENTRY, nextEntry, readEntry } from '../structures/listpack.ts'
import { isValidListpack } from '../structures/listpack-integrity.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import { parseLenientDouble } from '../structures/parse-double.ts'
import { corrupt } from './rdb-encoding.ts'

export interface PairChecks {
  /** The second of each pair is a score. */
  readonly hasScores: boolean
  /** Looks at what would break no reader: fields that come twice, scores that are none. */
  readonly isDeep: boolean
}

/** How many pairs the listpack holds. Throws an RdbError when it is not one of pairs that can be walked. */
export function checkPairs(
  bytes: Uint8Array,
  start: number,
  length: number,
  { hasScores, isDeep }: PairChecks,
): number {
  if (!isValidListpack(bytes, start, length)) throw corrupt('Listpack integrity check failed.')
  const names = new Set<string>()
  const entry = new PackedEntry()
  let pairs = 0
  for (let at = firstEntry(bytes, start); at !== NO_ENTRY; pairs += 1) {
    const second = nextEntry(bytes, at)
    if (second === NO_ENTRY) throw corrupt('Listpack with an odd number of entries')
    if (isDeep) checkPair(bytes, { at, second, hasScores, names, entry })
    at = nextEntry(bytes, second)
  }
  return pairs
}

interface Pair {
  readonly at: number
  readonly second: number
  readonly hasScores: boolean
  readonly names: Set<string>
  readonly entry: PackedEntry
}

function checkPair(bytes: Uint8Array, { at, second, hasScores, names, entry }: Pair): void {
  readEntry(bytes, at, entry)
  const name = entry.latin1()
  if (names.has(name)) throw corrupt('Listpack with duplicate elements')
  names.add(name)
  if (!hasScores) return
  readEntry(bytes, second, entry)
  if (entry.isInteger) return
  const score = parseLenientDouble(entry.bytes, entry.start, entry.length)
  if (Number.isNaN(score)) throw corrupt('Zset with NAN score detected')
}
