import { int64Argument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { NONE } from '../memory/slab.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import { refuse } from './refuse.ts'
import { readRangeStart, replyWithFound, replyWithFoundIds, replyWithId } from './stream-access.ts'
import { dropMissing, findGroup } from './stream-claim.ts'
import { type GroupTarget, openConsumer, tellClaim } from './stream-delivery.ts'

const COUNT_USUAL = 100
/** LONG_MAX by the bytes of an id (t_stream.c, xautoclaimCommand). */
const COUNT_MAX = (2n ** 63n - 1n) / 16n
/** Redis allocates 16 bytes for each beforehand: no process has more room than 2^47 bytes. */
const COUNT_ALLOCATED_MAX = 2 ** 43
/** Pending entries that are looked at for each that may be claimed. */
const ATTEMPTS_PER_COUNT = 10

interface AutoclaimOptions {
  readonly minIdleMs: number
  readonly count: number
  readonly justId: boolean
}

/** XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]. */
export function xautoclaim(context: CommandContext): void {
  const { reply } = context
  const options = parseAutoclaimOptions(context)
  if (options === undefined) return
  const target = findGroup(context)
  if (target === undefined) return
  if (options.count >= COUNT_ALLOCATED_MAX) return reply.error(replyErrors.autoclaimCountHigh)
  const { streams } = target
  const { from, found } = streams.scratch
  found.clear()
  const missing = claimFrom(context, target, options)
  reply.array(3)
  replyWithId(context, streams, from)
  reply.array(found.count)
  if (options.justId) replyWithFoundIds(context, streams)
  else replyWithFound(context, streams, 0, found.count)
  reply.array(missing.length)
  for (const id of missing) replyWithId(context, streams, id)
}

/**
 * Claims pending entries from `scratch.from` on, which is then where to go on the next time, 0-0 at the end. Gives
 * those that are pending no more, for they have gone.
 */
function claimFrom(
  context: CommandContext,
  target: GroupTarget,
  options: AutoclaimOptions,
): readonly StreamId[] {
  const { streams, root, group } = target
  const { groups, trees } = streams
  const { from, found } = streams.scratch
  const pending = groups.pending(group)
  const missing: StreamId[] = []
  const place = { leaf: NONE, index: 0 }
  let attempts = options.count * ATTEMPTS_PER_COUNT
  let isThere = trees.seekCeiling(pending, from, place)
  for (; isThere && attempts > 0 && found.count + missing.length < options.count; attempts -= 1) {
    const delivery = trees.valueAt(place)
    trees.idAt(place, from)
    if (!streams.reader.find(root, from)) {
      dropMissing(context, target, delivery, from)
      missing.push(StreamId.copyOf(from))
      isThere = trees.seekCeiling(pending, from, place)
      continue
    }
    const idleMs = context.nowMs - groups.deliveredMs(delivery)
    if (options.minIdleMs === 0 || idleMs >= options.minIdleMs) {
      found.push(streams.reader.entry.node, streams.reader.entry.place)
      const { consumer } = openConsumer(context, target, 3)
      groups.reassign(root, delivery, consumer, from)
      groups.setDelivered(delivery, context.nowMs)
      if (!options.justId) groups.countDelivery(delivery)
      tellClaim(context, target, delivery, from)
    }
    isThere = trees.moveNext(place)
  }
  if (isThere) trees.idAt(place, from)
  else from.setZero()
  return missing
}

/** The start is in `scratch.from`; undefined after an error, which is written. */
function parseAutoclaimOptions(context: CommandContext): AutoclaimOptions | undefined {
  const { argv } = context
  const minIdle = int64Argument(argv, 4)
  if (minIdle === undefined) return refuse(context, replyErrors.autoclaimIdle)
  if (!readRangeStart(context, 5, context.structures.streams.scratch.from)) return undefined
  let count = COUNT_USUAL
  let justId = false
  for (let index = 6; index < argv.count; index += 1) {
    if (index + 1 < argv.count && argv.is(index, 'COUNT')) {
      index += 1
      const given = int64Argument(argv, index)
      if (given === undefined || given < 1 || given > COUNT_MAX) {
        return refuse(context, replyErrors.autoclaimCount)
      }
      count = Number(given)
    } else if (argv.is(index, 'JUSTID')) {
      justId = true
    } else {
      return refuse(context, replyErrors.syntax)
    }
  }
  return { minIdleMs: Math.max(0, Number(minIdle)), count, justId }
}
