import { compareBytes } from '../memory/byte-slice.ts'
import { formatDouble } from '../protocol/format-double.ts'
import type { ByteRegion } from './byte-region.ts'
import {
  firstEntry,
  lastEntry,
  listpackCount,
  NO_ENTRY,
  nextEntry,
  previousEntry,
  readEntry,
  seekEntry,
} from './listpack.ts'
import { appendValue, deleteEntries, insertInteger, insertValue } from './listpack-edit.ts'
import type { PackedEntry } from './packed-entry.ts'
import { parseLenientDouble } from './parse-double.ts'

/** Scores up to this are written as integers when they are some (util.c, double2ll). */
const INTEGER_SCORE_MAX = 2 ** 62
/** Integers of up to 15 digits are numbers (int64.ts). */
const NUMBER_LIMIT = 1e15

/**
 * Small sorted sets as Redis packs them (t_zset.c): a listpack of members, each followed by its score, in the
 * order of a sorted set. `entry` is an object to read into.
 */
export function packedSize(region: ByteRegion): number {
  return listpackCount(region.bytes, region.start) / 2
}

/** The member's place by rank, which is below the size. */
export function placeOfRank(region: ByteRegion, rank: number): number {
  return seekEntry(region.bytes, region.start, 2 * rank)
}

export function nextPlace(region: ByteRegion, at: number): number {
  return nextEntry(region.bytes, nextEntry(region.bytes, at))
}

export function previousPlace(region: ByteRegion, at: number): number {
  const score = previousEntry(region.bytes, region.start, at)
  return score === NO_ENTRY ? NO_ENTRY : previousEntry(region.bytes, region.start, score)
}

/** The score of the member at this place. */
export function scoreAt(region: ByteRegion, at: number, entry: PackedEntry): number {
  return readScore(region, nextEntry(region.bytes, at), entry)
}

export function rankOfPlace(region: ByteRegion, at: number): number {
  let rank = 0
  for (let other = firstEntry(region.bytes, region.start); other !== at; rank += 1) {
    other = nextPlace(region, other)
  }
  return rank
}

/** How many have a lower score, or, with `orEqual`, one that is not higher. */
export function packedCountBelow(
  region: ByteRegion,
  score: number,
  orEqual: boolean,
  entry: PackedEntry,
): number {
  let count = 0
  for (let at = firstEntry(region.bytes, region.start); at !== NO_ENTRY; count += 1) {
    const scorePlace = nextEntry(region.bytes, at)
    const other = readScore(region, scorePlace, entry)
    if (orEqual ? other > score : other >= score) return count
    at = nextEntry(region.bytes, scorePlace)
  }
  return count
}

/** How many members are before the bytes, or, with `orEqual`, not after them. */
export function packedCountBeforeBytes(
  region: ByteRegion,
  bytes: Uint8Array,
  start: number,
  length: number,
  orEqual: boolean,
  entry: PackedEntry,
): number {
  let count = 0
  const limit = orEqual ? 0 : -1
  for (let at = firstEntry(region.bytes, region.start); at !== NO_ENTRY; count += 1) {
    if (compareMember(region, at, bytes, start, length, entry) > limit) return count
    at = nextPlace(region, at)
  }
  return count
}

/** Inserts a member that is not there yet, in its place. Its bytes must not lie in the region. */
export function insertPacked(
  region: ByteRegion,
  bytes: Uint8Array,
  start: number,
  length: number,
  score: number,
  entry: PackedEntry,
): void {
  let at = firstEntry(region.bytes, region.start)
  while (at !== NO_ENTRY) {
    const scorePlace = nextEntry(region.bytes, at)
    const other = readScore(region, scorePlace, entry)
    if (other > score) break
    if (other === score && compareMember(region, at, bytes, start, length, entry) > 0) break
    at = nextEntry(region.bytes, scorePlace)
  }
  if (at === NO_ENTRY) appendPacked(region, bytes, start, length, score)
  else insertScore(region, insertValue(region, at, bytes, start, length), score)
}

/** Adds a member behind all others. */
export function appendPacked(
  region: ByteRegion,
  bytes: Uint8Array,
  start: number,
  length: number,
  score: number,
): void {
  insertScore(region, appendValue(region, bytes, start, length), score)
}

/** Takes `count` members away, from this place on. */
export function removePacked(region: ByteRegion, at: number, count: number): void {
  deleteEntries(region, at, 2 * count)
}

export function lastPlace(region: ByteRegion): number {
  return previousEntry(region.bytes, region.start, lastEntry(region.bytes, region.start))
}

/** Behind its member, which goes if there is no memory for the score. */
function insertScore(region: ByteRegion, member: number, score: number): void {
  try {
    insertScoreBehind(region, member, score)
  } catch (error) {
    deleteEntries(region, member, 1)
    throw error
  }
}

function insertScoreBehind(region: ByteRegion, member: number, score: number): void {
  const following = nextEntry(region.bytes, member)
  const at = following === NO_ENTRY ? region.start + region.length - 1 : following
  if (Number.isInteger(score) && Math.abs(score) <= INTEGER_SCORE_MAX) {
    const isNumber = Math.abs(score) < NUMBER_LIMIT
    // -0 becomes 0, as in Redis.
    insertInteger(region, at, isNumber ? score + 0 : BigInt(score))
    return
  }
  const text = Buffer.from(formatDouble(score), 'latin1')
  insertValue(region, at, text, 0, text.length)
}

function readScore(region: ByteRegion, at: number, entry: PackedEntry): number {
  readEntry(region.bytes, at, entry)
  if (entry.isInteger) return Number(entry.integer)
  return parseLenientDouble(entry.bytes, entry.start, entry.length)
}

function compareMember(
  region: ByteRegion,
  at: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  entry: PackedEntry,
): number {
  readEntry(region.bytes, at, entry)
  entry.spell()
  return compareBytes(entry.bytes, entry.start, entry.length, bytes, start, length)
}
