import { matchesGlob } from '../../shared/glob.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import type { HandleList } from '../memory/handle-list.ts'
import { formatDouble } from '../protocol/format-double.ts'
import type { PackedEntry } from '../structures/packed-entry.ts'
import { readScanCursor, readScanOptions, type ScanOptions } from './scan-options.ts'

/** As Redis: so many buckets for each element asked for, so that a sparse table ends the call, too. */
const BUCKETS_PER_ELEMENT = 10

/** A collection, as HSCAN, SSCAN and ZSCAN see it. */
interface Scanned {
  scan(cursor: number, found: HandleList): number
  read(position: number): void
}

export function hscan(context: CommandContext): void {
  const { hash } = context.collections
  const { reply } = context
  const cursor = readScanCursor(context, 2)
  if (cursor === undefined) return
  const record = context.findValue(1, 'hash', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return replyWithNothing(context)
  const options = readScanOptions(context, 3)
  if (options === undefined) return
  hash.open(context.database, record)
  // Redis counts fields and values, and doubles the count: the buckets with it.
  const next = scanSome(context, hash, cursor, options, 2 * BUCKETS_PER_ELEMENT)
  const positions = keepMatching(context, hash, hash.field, options)
  replyWithCursor(context, next, 2 * positions.count)
  for (let index = 0; index < positions.count; index += 1) {
    hash.read(positions.at(index))
    hash.field.replyTo(reply)
    hash.value.replyTo(reply)
  }
}

export function sscan(context: CommandContext): void {
  const { set } = context.collections
  const cursor = readScanCursor(context, 2)
  if (cursor === undefined) return
  const record = context.findValue(1, 'set', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return replyWithNothing(context)
  const options = readScanOptions(context, 3)
  if (options === undefined) return
  set.open(context.database, record)
  const next = scanSome(context, set, cursor, options, BUCKETS_PER_ELEMENT)
  const positions = keepMatching(context, set, set.member, options)
  replyWithCursor(context, next, positions.count)
  for (let index = 0; index < positions.count; index += 1) {
    set.read(positions.at(index))
    set.member.replyTo(context.reply)
  }
}

export function zscan(context: CommandContext): void {
  const { sortedSet } = context.collections
  const { reply } = context
  const cursor = readScanCursor(context, 2)
  if (cursor === undefined) return
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return replyWithNothing(context)
  const options = readScanOptions(context, 3)
  if (options === undefined) return
  sortedSet.open(context.database, record)
  const next = scanSome(context, sortedSet, cursor, options, 2 * BUCKETS_PER_ELEMENT)
  const positions = keepMatching(context, sortedSet, sortedSet.member, options)
  replyWithCursor(context, next, 2 * positions.count)
  for (let index = 0; index < positions.count; index += 1) {
    sortedSet.read(positions.at(index))
    sortedSet.member.replyTo(reply)
    const { score } = sortedSet
    if (sortedSet.isPacked) sortedSet.scoreEntry.replyTo(reply)
    else reply.text(formatDouble(score))
  }
}

/** Fills the context's positions; gives the cursor to go on with. */
function scanSome(
  context: CommandContext,
  scanned: Scanned,
  cursor: number,
  options: ScanOptions,
  bucketsPerElement: number,
): number {
  const { positions } = context.collections
  positions.clear()
  let next = cursor
  for (let buckets = options.count * bucketsPerElement; buckets >= 0; buckets -= 1) {
    next = scanned.scan(next, positions)
    if (next === 0 || positions.count >= options.count) break
  }
  return next
}

/** Of the positions that were found those whose `name` the pattern matches. */
function keepMatching(
  context: CommandContext,
  scanned: Scanned,
  name: PackedEntry,
  options: ScanOptions,
): HandleList {
  const { positions } = context.collections
  if (options.pattern === undefined) return positions
  let kept = 0
  for (let index = 0; index < positions.count; index += 1) {
    const position = positions.at(index)
    scanned.read(position)
    if (!matchesGlob(options.pattern, name.latin1())) continue
    positions.set(kept, position)
    kept += 1
  }
  positions.count = kept
  return positions
}

function replyWithNothing(context: CommandContext): void {
  replyWithCursor(context, 0, 0)
}

function replyWithCursor({ reply }: CommandContext, cursor: number, count: number): void {
  reply.array(2)
  reply.text(String(cursor))
  reply.array(count)
}
