import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { DRAWS_MAX, readRandomCount } from './hash-random.ts'
import { differentPositions } from './random-positions.ts'

/** When so many times less stays than goes, what stays is drawn instead of what goes (t_set.c). */
const KEEP_STRATEGY_FACTOR = 5

/** SPOP key [count] */
export function spop(context: CommandContext): void {
  const { argv, database, reply } = context
  if (argv.count > 3) return reply.error(replyErrors.syntax)
  if (argv.count === 3) return popSome(context)
  const { set } = context.collections
  const record = context.findValue(1, 'set', 'write')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.null()
  set.open(database, record)
  popOne(context)
  context.notify('set', 'spop', 1)
  if (set.size === 0) deleteKey(context)
  context.modified(1)
}

/** Answers with a random member of the open set, tells that it goes, and takes it away. */
function popOne(context: CommandContext): void {
  const { set } = context.collections
  const position = set.random()
  set.read(position)
  set.member.replyTo(context.reply)
  tellRemoval(context)
  set.removeAt(position)
}

/** As Redis: chance has decided, so that others are told of a removal. */
function tellRemoval(context: CommandContext): void {
  if (!context.isPropagating) return context.changed()
  context.changedAs('SREM', context.argv.view(1), context.collections.set.member.view())
}

function deleteKey(context: CommandContext): void {
  const { argv, database } = context
  database.delete(argv.bytes, argv.start(1), argv.length(1))
  context.notify('generic', 'del', 1)
}

function popSome(context: CommandContext): void {
  const { argv, database, reply } = context
  const { set } = context.collections
  const count = integerArgument(argv, 2)
  if (!(count >= 0)) return reply.error(replyErrors.notPositive)
  const record = context.findValue(1, 'set', 'write')
  if (record === WRONG_TYPE) return
  if (record === 0 || count === 0) return reply.set(0)
  set.open(database, record)
  context.notify('set', 'spop', 1)
  const left = set.size - count
  if (left <= 0) return popAll(context)
  reply.set(count)
  if (left * KEEP_STRATEGY_FACTOR > count) {
    for (let popped = 0; popped < count; popped += 1) popOne(context)
  } else {
    keepSome(context, left)
  }
  context.modified(1)
}

function popAll(context: CommandContext): void {
  const { argv, reply } = context
  const { set } = context.collections
  reply.set(set.size)
  set.rewind()
  while (set.next()) set.member.replyTo(reply)
  deleteKey(context)
  context.changedAs('DEL', argv.view(1))
  context.modified(1)
}

/** Draws the members that stay into a set of their own, and answers with the others. */
function keepSome(context: CommandContext, left: number): void {
  const { database, reply } = context
  const { set, resultSet } = context.collections
  resultSet.openLoose()
  for (let kept = 0; kept < left; kept += 1) {
    const position = set.random()
    set.read(position)
    resultSet.addMember(set.member)
    set.removeAt(position)
  }
  set.rewind()
  while (set.next()) {
    set.member.replyTo(reply)
    tellRemoval(context)
  }
  resultSet.replace(database, set.record)
}

/** SRANDMEMBER key [count] */
export function srandmember(context: CommandContext): void {
  const { argv, database, reply } = context
  if (argv.count > 3) return reply.error(replyErrors.syntax)
  const hasCount = argv.count === 3
  const count = hasCount ? readRandomCount(context, 2) : 1
  if (count === undefined) return
  const record = context.findValue(1, 'set', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0 && !hasCount) return reply.null()
  if (record === 0 || count === 0) return reply.array(0)
  if (count < -DRAWS_MAX) return reply.error(replyErrors.outOfRange)
  context.collections.set.open(database, record)
  if (!hasCount) replyWithDrawn(context)
  else if (count < 0 || count === 1) replyWithRepeated(context, Math.abs(count))
  else replyWithDifferent(context, count)
}

function replyWithDrawn(context: CommandContext): void {
  const { set } = context.collections
  set.read(set.random())
  set.member.replyTo(context.reply)
}

/** Every draw from the whole set. */
function replyWithRepeated(context: CommandContext, count: number): void {
  context.reply.array(count)
  // Of a reply beyond client-output-buffer-limit no more is wanted.
  for (let drawn = 0; drawn < count && !context.client.isClosing; drawn += 1) {
    replyWithDrawn(context)
  }
}

function replyWithDifferent(context: CommandContext, count: number): void {
  const { reply } = context
  const { set } = context.collections
  if (count >= set.size) {
    reply.array(set.size)
    set.rewind()
    while (set.next()) set.member.replyTo(reply)
    return
  }
  const positions = differentPositions(context, set, count)
  reply.array(count)
  for (let index = 0; index < count; index += 1) {
    set.read(positions.at(index))
    set.member.replyTo(reply)
  }
}
