import { int64Argument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import { noGroup, replyErrors, unknownClaimOption } from '../protocol/reply-errors.ts'
import type { Int64 } from '../structures/int64.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import { refuse } from './refuse.ts'
import {
  findStream,
  nameAt,
  parseId,
  readId,
  replyWithFound,
  replyWithFoundIds,
  textAt,
} from './stream-access.ts'
import { type GroupTarget, openConsumer, tellClaim, tellGroupId } from './stream-delivery.ts'

interface ClaimOptions {
  readonly ids: readonly StreamId[]
  readonly minIdleMs: number
  readonly deliveredMs: number
  readonly retryCount: Int64 | undefined
  readonly force: boolean
  readonly justId: boolean
  /** The group has got entries up to this one, at the least. */
  readonly lastId: StreamId
}

/**
 * XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-ms] [RETRYCOUNT count] [FORCE]
 * [JUSTID] [LASTID id].
 */
export function xclaim(context: CommandContext): void {
  const target = findGroup(context)
  if (target === undefined) return
  const options = parseClaimOptions(context)
  if (options === undefined) return
  const { streams, group } = target
  const { groups, scratch } = streams
  groups.readLastId(group, scratch.from)
  let isLastIdUntold = options.lastId.compare(scratch.from) > 0
  if (isLastIdUntold) groups.setLastId(group, options.lastId)
  scratch.found.clear()
  for (const id of options.ids) {
    if (claim(context, target, options, id)) isLastIdUntold = false
  }
  if (isLastIdUntold) tellGroupId(context, target)
  context.reply.array(scratch.found.count)
  if (options.justId) replyWithFoundIds(context, streams)
  else replyWithFound(context, streams, 0, scratch.found.count)
}

/** Whether something has been told of the entry: it is claimed, or pending no more for it has gone. */
function claim(
  context: CommandContext,
  target: GroupTarget,
  options: ClaimOptions,
  id: StreamId,
): boolean {
  const { streams, root, group } = target
  const { groups } = streams
  const { minIdleMs, force, justId, retryCount, deliveredMs } = options
  let delivery = groups.delivery(group, id)
  const isThere = streams.reader.find(root, id)
  if (!isThere && delivery !== NONE) dropMissing(context, target, delivery, id)
  if (!isThere || (delivery === NONE && !force)) return !isThere && delivery !== NONE
  const { node, place } = streams.reader.entry
  const isFresh = delivery !== NONE && context.nowMs - groups.deliveredMs(delivery) < minIdleMs
  if (isFresh && minIdleMs > 0) return false
  const { consumer } = openConsumer(context, target, 3)
  if (delivery === NONE) delivery = groups.deliver(root, group, consumer, id)
  groups.reassign(root, delivery, consumer, id)
  groups.setDelivered(delivery, deliveredMs)
  if (retryCount !== undefined) groups.setDeliveryCount(delivery, retryCount)
  else if (!justId) groups.countDelivery(delivery)
  streams.scratch.found.push(node, place)
  tellClaim(context, target, delivery, id)
  return true
}

/** Undefined after an error, which is written. */
function parseClaimOptions(context: CommandContext): ClaimOptions | undefined {
  const { argv, nowMs } = context
  const minIdle = int64Argument(argv, 4)
  if (minIdle === undefined) return refuse(context, replyErrors.claimIdle)
  const ids: StreamId[] = []
  let index = 5
  for (; index < argv.count; index += 1) {
    const id = new StreamId()
    if (parseId(context, index, id) === 'invalid') break
    ids.push(id)
  }
  const reader = new ClaimOptionReader(context)
  for (; index < argv.count; index += 1) {
    if (argv.is(index, 'FORCE')) reader.force = true
    else if (argv.is(index, 'JUSTID')) reader.justId = true
    else if (index + 1 === argv.count || !reader.isOption(index)) {
      return refuse(context, unknownClaimOption(textAt(context, index)))
    } else {
      if (!reader.readValue(index)) return undefined
      index += 1
    }
  }
  const { deliveredMs, retryCount, force, justId, lastId } = reader
  // What cannot be is not worth an error: clients reckon with their own clocks.
  const isBogus = !(deliveredMs >= 0 && deliveredMs <= nowMs)
  return {
    ids,
    minIdleMs: Math.max(0, Number(minIdle)),
    deliveredMs: isBogus ? nowMs : deliveredMs,
    retryCount: retryCount < 0 ? undefined : retryCount,
    force,
    justId,
    lastId,
  }
}

/** What is known of the options while they are read. */
class ClaimOptionReader {
  deliveredMs: number
  retryCount: Int64 = -1
  force = false
  justId = false
  readonly lastId = new StreamId()
  readonly #context: CommandContext

  constructor(context: CommandContext) {
    this.#context = context
    this.deliveredMs = context.nowMs
  }

  /** Whether a value follows this word. */
  isOption(index: number): boolean {
    const { argv } = this.#context
    return ['IDLE', 'TIME', 'RETRYCOUNT', 'LASTID'].some((word) => argv.is(index, word))
  }

  /** False after an error, which is written. */
  readValue(index: number): boolean {
    const { argv, nowMs, reply } = this.#context
    if (argv.is(index, 'LASTID')) return readId(this.#context, index + 1, this.lastId)
    const value = int64Argument(argv, index + 1)
    const isIdle = argv.is(index, 'IDLE')
    const isTime = argv.is(index, 'TIME')
    if (value === undefined) {
      if (isIdle) reply.error(replyErrors.claimIdleOption)
      else reply.error(isTime ? replyErrors.claimTime : replyErrors.claimRetryCount)
      return false
    }
    if (isIdle) this.deliveredMs = nowMs - Number(value)
    else if (isTime) this.deliveredMs = Number(value)
    else this.retryCount = value
    return true
  }
}

/** An entry that was pending has gone: as XCLAIM, which finds that out, too. */
export function dropMissing(
  context: CommandContext,
  target: GroupTarget,
  delivery: Handle,
  id: StreamId,
): void {
  const { streams, root, group } = target
  tellClaim(context, target, delivery, id)
  streams.groups.release(root, group, delivery, id)
}

/** Of XCLAIM and XAUTOCLAIM; undefined after an error, which is written. */
export function findGroup(context: CommandContext): GroupTarget | undefined {
  const { streams } = context.structures
  const root = findStream(context, 1, 'readGroups')
  if (root === WRONG_TYPE) return undefined
  const group = root === NONE ? NONE : streams.groups.find(root, nameAt(context, 2))
  if (group !== NONE) return { streams, root, group, keyAt: 1, groupAt: 2 }
  return refuse(context, noGroup(textAt(context, 1), textAt(context, 2)))
}
