import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { copyBytes } from '../memory/byte-slice.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { ListEnd } from '../structures/quicklist-reader.ts'
import { createList, deleteIfEmpty, endArgument, findList } from './list-access.ts'

interface Ends {
  readonly from: ListEnd
  readonly to: ListEnd
}

interface Element {
  readonly bytes: Uint8Array
  readonly start: number
  readonly length: number
}

const RIGHT_TO_LEFT: Ends = { from: 'tail', to: 'head' }

/** LMOVE source destination LEFT|RIGHT LEFT|RIGHT. */
export function lmove(context: CommandContext): void {
  const ends = endsOf(context)
  if (ends === undefined) return
  if (move(context, ends) === 'moved') context.changed()
}

export function rpoplpush(context: CommandContext): void {
  if (move(context, RIGHT_TO_LEFT) === 'moved') context.changed()
}

/** BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout. */
export function blmove(context: CommandContext): void {
  const ends = endsOf(context)
  if (ends === undefined) return
  const deadlineMs = context.blockUntilMs(5)
  if (deadlineMs !== undefined) moveOrWait(context, ends, deadlineMs, serveBlmove)
}

export function brpoplpush(context: CommandContext): void {
  const deadlineMs = context.blockUntilMs(3)
  if (deadlineMs === undefined) return
  moveOrWait(context, RIGHT_TO_LEFT, deadlineMs, serveBrpoplpush)
}

type Serve = (context: CommandContext) => boolean

function moveOrWait(context: CommandContext, ends: Ends, deadlineMs: number, serve: Serve): void {
  const root = findList(context, 1, 'write')
  if (root === WRONG_TYPE) return
  if (root === NONE) {
    context.block({ keys: [1], deadlineMs, type: 'list', serve, denied: 'null' })
  } else {
    serveMove(context, ends)
  }
}

function serveBlmove(context: CommandContext): boolean {
  return serveMove(context, endsOf(context) ?? RIGHT_TO_LEFT)
}

function serveBrpoplpush(context: CommandContext): boolean {
  return serveMove(context, RIGHT_TO_LEFT)
}

/** What waits is told to others as what it became: a move that does not wait. */
function serveMove(context: CommandContext, ends: Ends): boolean {
  if (move(context, ends) !== 'moved') return true
  const { argv } = context
  if (argv.count === 4) context.changedAs('RPOPLPUSH', argv.view(1), argv.view(2))
  else context.changedAs('LMOVE', argv.view(1), argv.view(2), argv.view(3), argv.view(4))
  return true
}

function endsOf(context: CommandContext): Ends | undefined {
  const from = endArgument(context, 3)
  if (from === undefined) return undefined
  const to = endArgument(context, 4)
  return to === undefined ? undefined : { from, to }
}

/** Answers the element, null when there is none, or an error. */
function move(context: CommandContext, { from, to }: Ends): 'moved' | 'nothing' {
  const { reply, structures } = context
  const { lists } = structures
  const source = findList(context, 1, 'write')
  if (source === NONE) reply.null()
  if (source === NONE || source === WRONG_TYPE) return 'nothing'
  const found = findList(context, 2, 'write')
  if (found === WRONG_TYPE) return 'nothing'
  lists.reader.readEnd(source, from, lists.entry)
  lists.entry.replyTo(reply)
  if (found === source) {
    rotate(context, source, { from, to })
  } else {
    const target = found === NONE ? createList(context, 2) : found
    lists.push(target, to, lists.entry.bytes, lists.entry.start, lists.entry.length)
    lists.deleteEnd(source, from)
  }
  context.modified(2)
  context.notify('list', to === 'head' ? 'lpush' : 'rpush', 2)
  context.notify('list', from === 'head' ? 'lpop' : 'rpop', 1)
  deleteIfEmpty(context, 1, source)
  context.modified(1)
  return 'moved'
}

/** Within one list: its bytes move with every write to it, so that the element is set aside. */
function rotate(context: CommandContext, root: Handle, ends: Ends): void {
  const { lists, options } = context.structures
  const { slab } = options
  // It is where it goes.
  if (ends.from === ends.to || lists.size(root) === 1) return
  const { bytes, start, length } = lists.entry
  const aside = slab.allocate(Math.max(1, length))
  const asideStart = slab.offset(aside)
  copyBytes(slab.bytes(aside), asideStart, bytes, start, length)
  const element = { bytes: slab.bytes(aside), start: asideStart, length }
  try {
    if (lists.nodes.head(root) === lists.nodes.tail(root)) rotateNode(lists, root, ends, element)
    else moveBetweenNodes(lists, root, ends, element)
  } finally {
    slab.free(aside)
  }
}

/** Pushed first, for there may be no memory: then it is still where it was. */
function moveBetweenNodes(lists: Quicklist, root: Handle, ends: Ends, element: Element): void {
  lists.push(root, ends.to, element.bytes, element.start, element.length)
  lists.deleteEnd(root, ends.from)
}

/** Within its only node, that has room for it once it has left. */
function rotateNode(lists: Quicklist, root: Handle, { from, to }: Ends, element: Element): void {
  const { bytes, start, length } = element
  lists.deleteEnd(root, from)
  try {
    lists.push(root, to, bytes, start, length)
  } catch (error) {
    lists.push(root, from, bytes, start, length)
    throw error
  }
}
