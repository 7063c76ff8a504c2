import { integerArgument } from '../execution/arguments.ts'
import type { BlockRequest } from '../execution/blocking.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { replyErrors, wrongArity } from '../protocol/reply-errors.ts'
import type { ListEnd } from '../structures/quicklist-reader.ts'
import {
  deleteIfEmpty,
  endArgument,
  findList,
  replyFromEnd,
  replyWithArgument,
  takeFromEnd,
} from './list-access.ts'
import { refuse } from './refuse.ts'

const POP_NAMES: Readonly<Record<ListEnd, string>> = { head: 'LPOP', tail: 'RPOP' }

/** LPOP, RPOP: one element, or an array of up to `count`. */
export function pop(context: CommandContext, end: ListEnd): void {
  const { argv, reply, structures } = context
  if (argv.count > 3) return reply.error(wrongArity(end === 'head' ? 'lpop' : 'rpop'))
  const hasCount = argv.count === 3
  const count = hasCount ? integerArgument(argv, 2) : 1
  if (!(count >= 0)) return reply.error(replyErrors.notPositive)
  const root = findList(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) return hasCount ? reply.nullArray() : reply.null()
  if (count === 0) return reply.array(0)
  if (hasCount) {
    const taken = Math.min(count, structures.lists.size(root))
    replyFromEnd(context, root, end, taken)
    takeFromEnd(context, 1, root, { end, count: taken })
  } else {
    popOne(context, 1, root, end)
  }
  context.changed()
}

/** LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count]. */
export function lmpop(context: CommandContext): void {
  const options = parseMpop(context, 1)
  if (options === undefined) return
  for (let argument = options.firstKey; argument <= options.lastKey; argument += 1) {
    const root = findList(context, argument, 'write')
    if (root === WRONG_TYPE) return
    if (root !== NONE) return popWithKey(context, argument, root, options)
  }
  context.reply.nullArray()
}

/** BLPOP, BRPOP: the first list that is not empty gives an element, with its key. */
export function blockingPop(context: CommandContext, end: ListEnd): void {
  const { argv } = context
  const last = argv.count - 2
  const deadlineMs = context.blockUntilMs(argv.count - 1)
  if (deadlineMs === undefined) return
  for (let argument = 1; argument <= last; argument += 1) {
    const root = findList(context, argument, 'write')
    if (root === WRONG_TYPE) return
    if (root !== NONE) return popOneWithKey(context, argument, root, end)
  }
  const serve = end === 'head' ? serveBlpop : serveBrpop
  context.block({ keys: places(1, last), deadlineMs, type: 'list', serve })
}

/** BLMPOP timeout numkeys key [key ...] LEFT|RIGHT [COUNT count]. */
export function blmpop(context: CommandContext): void {
  const options = parseMpop(context, 2)
  if (options === undefined) return
  const { firstKey, lastKey } = options
  const deadlineMs = context.blockUntilMs(1)
  if (deadlineMs === undefined) return
  for (let argument = firstKey; argument <= lastKey; argument += 1) {
    const root = findList(context, argument, 'write')
    if (root === WRONG_TYPE) return
    if (root !== NONE) return popWithKey(context, argument, root, options)
  }
  const keys = places(firstKey, lastKey)
  context.block({ keys, deadlineMs, type: 'list', serve: serveBlmpop })
}

interface MpopOptions {
  readonly firstKey: number
  readonly lastKey: number
  readonly end: ListEnd
  readonly count: number
}

const serveBlpop: BlockRequest['serve'] = (context, argument) => serve(context, argument, 'head')
const serveBrpop: BlockRequest['serve'] = (context, argument) => serve(context, argument, 'tail')

function serve(context: CommandContext, argument: number, end: ListEnd): boolean {
  const root = findList(context, argument, 'write')
  popOneWithKey(context, argument, root, end)
  return true
}

function serveBlmpop(context: CommandContext, argument: number): boolean {
  const options = parseMpop(context, 2)
  if (options === undefined) return true
  popWithKey(context, argument, findList(context, argument, 'write'), options)
  return true
}

/** From the number of keys on; undefined after an error, which has been written. */
function parseMpop(context: CommandContext, keyCountAt: number): MpopOptions | undefined {
  const { argv } = context
  const keyCount = integerArgument(argv, keyCountAt)
  if (!(keyCount > 0)) return refuse(context, replyErrors.keyCountNotPositive)
  const endAt = keyCountAt + keyCount + 1
  if (endAt >= argv.count) return refuse(context, replyErrors.syntax)
  const end = endArgument(context, endAt)
  if (end === undefined) return undefined
  let count: number | undefined
  for (let index = endAt + 1; index < argv.count; index += 2) {
    const isCount = count === undefined && argv.is(index, 'COUNT') && index + 1 < argv.count
    if (!isCount) return refuse(context, replyErrors.syntax)
    count = integerArgument(argv, index + 1)
    if (!(count > 0)) return refuse(context, replyErrors.countNotPositive)
  }
  return { firstKey: keyCountAt + 1, lastKey: endAt - 1, end, count: count ?? 1 }
}

/** Its element at that end, as the reply. */
function popOne(context: CommandContext, argument: number, root: Handle, end: ListEnd): void {
  const { lists } = context.structures
  lists.reader.readEnd(root, end, lists.entry)
  lists.entry.replyTo(context.reply)
  lists.deleteEnd(root, end)
  context.notify('list', end === 'head' ? 'lpop' : 'rpop', argument)
  deleteIfEmpty(context, argument, root)
  context.modified(argument)
}

function popOneWithKey(
  context: CommandContext,
  argument: number,
  root: Handle,
  end: ListEnd,
): void {
  context.reply.array(2)
  replyWithArgument(context, argument)
  popOne(context, argument, root, end)
  context.changedAs(POP_NAMES[end], context.argv.view(argument))
}

/** The key, then its elements in an array of their own. */
function popWithKey(
  context: CommandContext,
  argument: number,
  root: Handle,
  { end, count }: MpopOptions,
): void {
  const taken = Math.min(count, context.structures.lists.size(root))
  context.reply.array(2)
  replyWithArgument(context, argument)
  replyFromEnd(context, root, end, taken)
  takeFromEnd(context, argument, root, { end, count: taken })
  context.changedAs(POP_NAMES[end], context.argv.view(argument), taken)
}

function places(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_none, index) => first + index)
}
