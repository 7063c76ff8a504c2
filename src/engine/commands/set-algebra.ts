import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import type { HandleList } from '../memory/handle-list.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

/** SINTER key [key ...] */
export function sinter(context: CommandContext): void {
  const { reply } = context
  const { set } = context.collections
  const sets = findSets(context, 1, context.argv.count - 1)
  if (sets === undefined) return
  const positions = intersect(context, sets, 0)
  reply.set(positions.count)
  for (let index = 0; index < positions.count; index += 1) {
    set.read(positions.at(index))
    set.member.replyTo(reply)
  }
}

/** SINTERCARD numkeys key [key ...] [LIMIT limit] */
export function sintercard(context: CommandContext): void {
  const { argv, reply } = context
  const keyCount = integerArgument(argv, 1)
  if (!(keyCount >= 1)) return reply.error(replyErrors.keyCountNotPositive)
  if (keyCount > argv.count - 2) return reply.error(replyErrors.keyCountTooLarge)
  let limit = 0
  for (let index = 2 + keyCount; index < argv.count; index += 2) {
    const isLimit = argv.is(index, 'LIMIT') && index + 1 < argv.count
    if (!isLimit) return reply.error(replyErrors.syntax)
    limit = integerArgument(argv, index + 1)
    if (!(limit >= 0)) return reply.error(replyErrors.limitNegative)
  }
  const sets = findSets(context, 2, keyCount)
  if (sets !== undefined) reply.integer(intersect(context, sets, limit).count)
}

/** SINTERSTORE destination key [key ...] */
export function sinterstore(context: CommandContext): void {
  const { set, resultSet } = context.collections
  const sets = findSets(context, 2, context.argv.count - 2)
  if (sets === undefined) return
  const positions = intersect(context, sets, 0)
  resultSet.openLoose()
  for (let index = 0; index < positions.count; index += 1) {
    set.read(positions.at(index))
    resultSet.addMember(set.member)
  }
  store(context, 'sinterstore')
}

/** SUNION key [key ...] */
export function sunion(context: CommandContext): void {
  const sets = findSets(context, 1, context.argv.count - 1)
  if (sets === undefined) return
  unite(context, sets)
  replyWithResult(context)
}

/** SUNIONSTORE destination key [key ...] */
export function sunionstore(context: CommandContext): void {
  const sets = findSets(context, 2, context.argv.count - 2)
  if (sets === undefined) return
  unite(context, sets)
  store(context, 'sunionstore')
}

/** SDIFF key [key ...] */
export function sdiff(context: CommandContext): void {
  const sets = findSets(context, 1, context.argv.count - 1)
  if (sets === undefined) return
  subtract(context, sets)
  replyWithResult(context)
}

/** SDIFFSTORE destination key [key ...] */
export function sdiffstore(context: CommandContext): void {
  const sets = findSets(context, 2, context.argv.count - 2)
  if (sets === undefined) return
  subtract(context, sets)
  store(context, 'sdiffstore')
}

/** The records of so many keys from an argument on, 0 for none; undefined after WRONGTYPE. */
function findSets(context: CommandContext, first: number, count: number): Handle[] | undefined {
  const sets: Handle[] = []
  for (let index = first; index < first + count; index += 1) {
    const record = context.findValue(index, 'set', 'read')
    if (record === WRONG_TYPE) return undefined
    sets.push(record)
  }
  return sets
}

function sizeOf(context: CommandContext, record: Handle): number {
  const { otherSet } = context.collections
  if (record === 0) return 0
  otherSet.open(context.database, record)
  return otherSet.size
}

/**
 * Opens the smallest of the sets as `set`, and gives the positions of its members that are in all others, up
 * to `limit` of them unless it is 0.
 */
function intersect(context: CommandContext, sets: readonly Handle[], limit: number): HandleList {
  const { set, positions } = context.collections
  positions.clear()
  if (sets.includes(0)) return positions
  const sizes = new Map(sets.map((record) => [record, sizeOf(context, record)]))
  const [smallest = 0, ...others] = [...sizes.keys()].sort(
    (left, right) => (sizes.get(left) ?? 0) - (sizes.get(right) ?? 0),
  )
  set.open(context.database, smallest)
  set.rewind()
  while (set.next()) {
    if (!isInAll(context, others)) continue
    positions.push(set.position)
    if (positions.count === limit) break
  }
  return positions
}

/** Whether the member that `set` has read is in all others. */
function isInAll(context: CommandContext, others: readonly Handle[]): boolean {
  const { set, otherSet } = context.collections
  for (const record of others) {
    otherSet.open(context.database, record)
    if (!otherSet.hasMember(set.member)) return false
  }
  return true
}

/** Makes `resultSet` the union. */
function unite(context: CommandContext, sets: readonly Handle[]): void {
  const { set, resultSet } = context.collections
  resultSet.openLoose()
  for (const record of sets) {
    if (record === 0) continue
    set.open(context.database, record)
    set.rewind()
    while (set.next()) resultSet.addMember(set.member)
  }
}

/** Makes `resultSet` the members of the first set that are in none of the others. */
function subtract(context: CommandContext, sets: readonly Handle[]): void {
  const [first = 0, ...rest] = sets
  context.collections.resultSet.openLoose()
  if (first === 0 || rest.includes(first)) return
  const others = rest.filter((record) => record !== 0)
  const size = sizeOf(context, first)
  const otherSizes = others.map((record) => sizeOf(context, record))
  const totalSize = otherSizes.reduce((sum, other) => sum + other, size)
  // Looking members up costs less than taking them out (t_set.c, sunionDiffGenericCommand).
  if ((size * sets.filter((record) => record !== 0).length) / 2 <= totalSize) {
    subtractByLookup(context, first, others)
  } else {
    subtractByRemoval(context, first, others)
  }
}

/** O(size of the first × number of sets). */
function subtractByLookup(context: CommandContext, first: Handle, others: readonly Handle[]): void {
  const { set, resultSet } = context.collections
  // The largest first: it is the likeliest to have a member.
  const sizes = new Map(others.map((record) => [record, sizeOf(context, record)]))
  const ordered = [...sizes.keys()].sort(
    (left, right) => (sizes.get(right) ?? 0) - (sizes.get(left) ?? 0),
  )
  set.open(context.database, first)
  set.rewind()
  while (set.next()) {
    if (!isInAny(context, ordered)) resultSet.addMember(set.member)
  }
}

function isInAny(context: CommandContext, others: readonly Handle[]): boolean {
  const { set, otherSet } = context.collections
  for (const record of others) {
    otherSet.open(context.database, record)
    if (otherSet.hasMember(set.member)) return true
  }
  return false
}

/** O(size of all sets). */
function subtractByRemoval(
  context: CommandContext,
  first: Handle,
  others: readonly Handle[],
): void {
  const { set, resultSet } = context.collections
  unite(context, [first])
  for (const record of others) {
    if (resultSet.size === 0) return
    set.open(context.database, record)
    set.rewind()
    while (set.next()) resultSet.removeMember(set.member)
  }
}

function replyWithResult(context: CommandContext): void {
  const { reply } = context
  const { resultSet } = context.collections
  reply.set(resultSet.size)
  resultSet.rewind()
  while (resultSet.next()) resultSet.member.replyTo(reply)
  resultSet.discard()
}

/** Stores the result at the first argument's key; no key is left of an empty one. */
function store(context: CommandContext, event: string): void {
  const { argv, database, reply } = context
  const { resultSet } = context.collections
  const { size } = resultSet
  if (size > 0) {
    resultSet.store(database, argv.bytes, argv.start(1), argv.length(1))
    context.modified(1)
    context.notify('set', event, 1)
    context.changed()
    return reply.integer(size)
  }
  resultSet.discard()
  if (database.delete(argv.bytes, argv.start(1), argv.length(1))) {
    context.modified(1)
    context.notify('generic', 'del', 1)
    context.changed()
  }
  reply.integer(0)
}
