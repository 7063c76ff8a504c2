import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { deleteIfEmpty } from './sorted-set-access.ts'

export type PopEnd = 'min' | 'max'

/** What ZMPOP and BZMPOP ask for; keys by their places among the arguments. */
interface MultiPop {
  readonly keys: readonly number[]
  readonly end: PopEnd
  readonly count: number
}

/** ZPOPMIN key [count]; ZPOPMAX key [count] */
export function zpop(context: CommandContext, end: PopEnd): void {
  const { argv, reply } = context
  if (argv.count > 3) return reply.error(replyErrors.syntax)
  const count = argv.count === 3 ? integerArgument(argv, 2) : 1
  if (!(count >= 0)) return reply.error(replyErrors.notPositive)
  const record = context.findValue(1, 'zset', 'write')
  if (record === WRONG_TYPE) return
  if (record === 0 || count === 0) return reply.array(0)
  const { sortedSet } = context.collections
  sortedSet.open(context.database, record)
  const popped = Math.min(count, sortedSet.size)
  const nests = argv.count === 3 && reply.protocol === 3
  reply.array(nests ? popped : 2 * popped)
  popMembers(context, 1, { end, count: popped, nests })
  context.changed()
}

/** ZMPOP numkeys key [key ...] MIN | MAX [COUNT count] */
export function zmpop(context: CommandContext): void {
  const asked = readMultiPop(context, 1)
  if (asked === undefined) return
  for (const key of asked.keys) {
    const record = context.findValue(key, 'zset', 'write')
    if (record === WRONG_TYPE) return
    if (record !== 0) return popFrom(context, key, asked)
  }
  context.reply.nullArray()
}

/** BZPOPMIN key [key ...] timeout; BZPOPMAX key [key ...] timeout */
export function bzpop(context: CommandContext, end: PopEnd): void {
  const { argv } = context
  const deadlineMs = context.blockUntilMs(argv.count - 1)
  if (deadlineMs === undefined) return
  for (let index = 1; index < argv.count - 1; index += 1) {
    const record = context.findValue(index, 'zset', 'write')
    if (record === WRONG_TYPE) return
    if (record !== 0) return popOneFrom(context, index, end)
  }
  const keys = Array.from({ length: argv.count - 2 }, (_unused, index) => index + 1)
  const serve = (again: CommandContext, argument: number): boolean => {
    popOneFrom(again, argument, end)
    return true
  }
  context.block({ keys, deadlineMs, type: 'zset', serve })
}

/** BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count] */
export function bzmpop(context: CommandContext): void {
  const asked = readMultiPop(context, 2)
  if (asked === undefined) return
  const deadlineMs = context.blockUntilMs(1)
  if (deadlineMs === undefined) return
  for (const key of asked.keys) {
    const record = context.findValue(key, 'zset', 'write')
    if (record === WRONG_TYPE) return
    if (record !== 0) return popFrom(context, key, asked)
  }
  const serve = (again: CommandContext, argument: number): boolean => {
    popFrom(again, argument, asked)
    return true
  }
  context.block({ keys: asked.keys, deadlineMs, type: 'zset', serve })
}

/** Undefined after an error. */
function readMultiPop(context: CommandContext, countAt: number): MultiPop | undefined {
  const { argv, reply } = context
  const keyCount = integerArgument(argv, countAt)
  if (!(keyCount >= 1)) {
    reply.error(replyErrors.keyCountNotPositive)
    return undefined
  }
  const endAt = countAt + keyCount + 1
  const end = endAt < argv.count ? popEndOf(context, endAt) : undefined
  if (end === undefined) {
    reply.error(replyErrors.syntax)
    return undefined
  }
  const count = readPopCount(context, endAt + 1)
  if (count === undefined) return undefined
  const keys = Array.from({ length: keyCount }, (_unused, index) => countAt + 1 + index)
  return { keys, end, count }
}

function popEndOf({ argv }: CommandContext, index: number): PopEnd | undefined {
  if (argv.is(index, 'MIN')) return 'min'
  return argv.is(index, 'MAX') ? 'max' : undefined
}

/** [COUNT count], once. Undefined after an error. */
function readPopCount({ argv, reply }: CommandContext, first: number): number | undefined {
  if (argv.count === first) return 1
  const isCount = argv.is(first, 'COUNT') && first + 1 < argv.count
  const count = isCount ? integerArgument(argv, first + 1) : 1
  if (!isCount) reply.error(replyErrors.syntax)
  else if (!(count >= 1)) reply.error(replyErrors.countNotPositive)
  else if (argv.count > first + 2) reply.error(replyErrors.syntax)
  else return count
  return undefined
}

/** BZPOPMIN's answer: the key, a member, its score. */
function popOneFrom(context: CommandContext, key: number, end: PopEnd): void {
  const { argv, reply } = context
  if (!open(context, key)) return
  reply.array(3)
  reply.bulk(argv.bytes, argv.start(key), argv.length(key))
  popMembers(context, key, { end, count: 1, nests: false })
  context.changedAs(commandOf(end), argv.view(key))
}

/** ZMPOP's answer: the key, and members with their scores. */
function popFrom(context: CommandContext, key: number, { end, count }: MultiPop): void {
  const { argv, reply } = context
  if (!open(context, key)) return
  const popped = Math.min(count, context.collections.sortedSet.size)
  reply.array(2)
  reply.bulk(argv.bytes, argv.start(key), argv.length(key))
  reply.array(popped)
  popMembers(context, key, { end, count: popped, nests: true })
  context.changedAs(commandOf(end), argv.view(key), popped)
}

function open(context: CommandContext, key: number): boolean {
  const { argv, database } = context
  const record = database.findForWrite(argv.bytes, argv.start(key), argv.length(key))
  if (record !== 0) context.collections.sortedSet.open(database, record)
  return record !== 0
}

function commandOf(end: PopEnd): string {
  return end === 'min' ? 'ZPOPMIN' : 'ZPOPMAX'
}

interface Popping {
  readonly end: PopEnd
  /** At least 1, and no more than there are. */
  readonly count: number
  readonly nests: boolean
}

/** Takes members from an end of the open sorted set, answering each with its score. */
function popMembers(context: CommandContext, key: number, { end, count, nests }: Popping): void {
  const { reply } = context
  const { sortedSet } = context.collections
  const { size } = sortedSet
  sortedSet.seek(end === 'min' ? 0 : size - 1)
  for (let popped = 0; popped < count; popped += 1) {
    if (end === 'min') sortedSet.next()
    else sortedSet.previous()
    if (nests) reply.array(2)
    sortedSet.member.replyTo(reply)
    reply.double(sortedSet.score)
  }
  sortedSet.removeRange(end === 'min' ? 0 : size - count, count)
  const isGone = deleteIfEmpty(context, key)
  context.notify('sortedSet', end === 'min' ? 'zpopmin' : 'zpopmax', key)
  context.modified(key)
  if (isGone) context.notify('generic', 'del', key)
}
