import { int64Argument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { noGroupOfKey, replyErrors, subcommandSyntax } from '../protocol/reply-errors.ts'
import type { Int64 } from '../structures/int64.ts'
import { ENTRIES_UNKNOWN } from '../structures/stream/stream-groups.ts'
import {
  createStream,
  findStream,
  LOOSE,
  nameAt,
  readId,
  readIds,
  textAt,
} from './stream-access.ts'

/** What a subcommand of XGROUP acts on. The stream may be NONE where MKSTREAM will make it. */
interface GroupOfStream {
  readonly root: Handle
  readonly group: Handle
}

interface GroupOptions {
  readonly makesStream: boolean
  readonly entriesRead: Int64
}

/** XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD count]. */
export function xgroupCreate(context: CommandContext): void {
  const { argv, reply } = context
  const { streams } = context.structures
  const { groups } = streams
  const { id } = streams.scratch
  const options = parseGroupOptions(context, true)
  if (options === undefined) return
  const found = findGroup(context, options.makesStream ? 'anyStream' : 'stream')
  if (found === undefined) return
  if (argv.count > 8) return refuseSyntax(context)
  const { root } = found
  if (!readStart(context, root)) return
  if (found.group !== NONE) return reply.error(replyErrors.groupExists)
  const create = (stream: Handle): void => {
    const group = groups.create(stream, nameAt(context, 3))
    groups.setLastId(group, id)
    groups.setEntriesRead(group, options.entriesRead)
  }
  if (root === NONE) {
    createStream(context, 2, create)
    context.modified(2)
  } else {
    create(root)
  }
  reply.simple('OK')
  context.notify('stream', 'xgroup-create', 2)
  context.changed()
}

/** XGROUP SETID key group id|$ [ENTRIESREAD count]. */
export function xgroupSetId(context: CommandContext): void {
  const { argv, reply, structures } = context
  const { groups, scratch } = structures.streams
  const options = parseGroupOptions(context, false)
  if (options === undefined) return
  const found = findGroup(context, 'group')
  if (found === undefined) return
  if (argv.count !== 5 && argv.count !== 7) return refuseSyntax(context)
  const { root, group } = found
  // Unlike CREATE, it takes `-` and `+`.
  if (!argv.is(4, '$')) {
    if (!readId(context, 4, scratch.id, LOOSE)) return
  } else {
    structures.streams.readLastId(root, scratch.id)
  }
  groups.setLastId(group, scratch.id)
  groups.setEntriesRead(group, options.entriesRead)
  reply.simple('OK')
  context.notify('stream', 'xgroup-setid', 2)
  context.changed()
}

/** XGROUP DESTROY key group. */
export function xgroupDestroy(context: CommandContext): void {
  const { reply, structures } = context
  const found = findGroup(context, 'stream')
  if (found === undefined) return
  if (found.group === NONE) return reply.integer(0)
  structures.streams.groups.delete(found.root, found.group)
  reply.integer(1)
  context.notify('stream', 'xgroup-destroy', 2)
  context.changed()
  // Those who wait as consumers of the group are to hear that it has gone.
  context.keyReady(2)
}

/** XGROUP CREATECONSUMER key group consumer. */
export function xgroupCreateConsumer(context: CommandContext): void {
  const { nowMs, reply, structures } = context
  const { groups } = structures.streams
  const found = findGroup(context, 'group')
  if (found === undefined) return
  const name = nameAt(context, 4)
  if (groups.findConsumer(found.group, name) !== NONE) return reply.integer(0)
  groups.createConsumer(found.root, found.group, name, nowMs)
  context.notify('stream', 'xgroup-createconsumer', 2)
  context.changed()
  reply.integer(1)
}

/** XGROUP DELCONSUMER key group consumer. */
export function xgroupDelConsumer(context: CommandContext): void {
  const { reply, structures } = context
  const { groups, trees } = structures.streams
  const found = findGroup(context, 'group')
  if (found === undefined) return
  const consumer = groups.findConsumer(found.group, nameAt(context, 4))
  if (consumer === NONE) return reply.integer(0)
  const pending = trees.size(groups.pendingOf(consumer))
  groups.deleteConsumer(found.root, found.group, consumer)
  context.notify('stream', 'xgroup-delconsumer', 2)
  context.changed()
  reply.integer(pending)
}

/** XACK key group id [id ...]. */
export function xack(context: CommandContext): void {
  const { reply, structures } = context
  const { groups } = structures.streams
  const root = findStream(context, 1, 'readGroups')
  if (root === WRONG_TYPE) return
  const group = root === NONE ? NONE : groups.find(root, nameAt(context, 2))
  if (group === NONE) return reply.integer(0)
  const ids = readIds(context, 3)
  if (ids === undefined) return
  let acknowledged = 0
  for (const id of ids) {
    const delivery = groups.delivery(group, id)
    if (delivery === NONE) continue
    groups.release(root, group, delivery, id)
    acknowledged += 1
  }
  if (acknowledged > 0) context.changed()
  reply.integer(acknowledged)
}

/** The group that stands behind the key, where it has to be; undefined after an error, which is written. */
function findGroup(
  context: CommandContext,
  needs: 'anyStream' | 'stream' | 'group',
): GroupOfStream | undefined {
  const { reply, structures } = context
  const root = findStream(context, 2, 'write')
  if (root === WRONG_TYPE) return undefined
  if (root === NONE) {
    if (needs === 'anyStream') return { root, group: NONE }
    reply.error(replyErrors.groupStreamMissing)
    return undefined
  }
  const group = structures.streams.groups.find(root, nameAt(context, 3))
  if (group !== NONE || needs !== 'group') return { root, group }
  reply.error(noGroupOfKey(textAt(context, 2), textAt(context, 3)))
  return undefined
}

/** Undefined after an error, which is written. */
function parseGroupOptions(context: CommandContext, isCreate: boolean): GroupOptions | undefined {
  const { argv, reply } = context
  let makesStream = false
  let entriesRead: Int64 = ENTRIES_UNKNOWN
  for (let index = 5; index < argv.count; index += 1) {
    if (isCreate && argv.is(index, 'MKSTREAM')) {
      makesStream = true
    } else if (index + 1 < argv.count && argv.is(index, 'ENTRIESREAD')) {
      index += 1
      const given = int64Argument(argv, index)
      if (given === undefined || given < ENTRIES_UNKNOWN) {
        const isNumber = given !== undefined
        reply.error(isNumber ? replyErrors.groupEntriesRead : replyErrors.notInteger)
        return undefined
      }
      entriesRead = given
    } else {
      refuseSyntax(context)
      return undefined
    }
  }
  return { makesStream, entriesRead }
}

/** Where a new group starts; false after an error, which is written. */
function readStart(context: CommandContext, root: Handle): boolean {
  const { argv, structures } = context
  const { id } = structures.streams.scratch
  if (!argv.is(4, '$')) return readId(context, 4, id)
  if (root === NONE) id.setZero()
  else structures.streams.readLastId(root, id)
  return true
}

function refuseSyntax({ argv, reply }: CommandContext): void {
  reply.error(subcommandSyntax('XGROUP', argv.latin1(1)))
}
