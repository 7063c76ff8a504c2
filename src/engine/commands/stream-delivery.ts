import type { CommandContext } from '../execution/context.ts'
import { type Handle, NONE } from '../memory/slab.ts'
import type { Streams } from '../structures/stream/stream.ts'
import type { NameBytes } from '../structures/stream/stream-groups.ts'
import { StreamId } from '../structures/stream/stream-id.ts'
import { nameAt } from './stream-access.ts'

/** A group, as a command names it, in a stream. */
export interface GroupTarget {
  readonly streams: Streams
  readonly root: Handle
  readonly group: Handle
  readonly keyAt: number
  readonly groupAt: number
}

/** The consumer of this name, seen now, and whether it has come into being for that. */
export function openConsumer(
  context: CommandContext,
  { streams, root, group, keyAt }: GroupTarget,
  consumerAt: number,
): { readonly consumer: Handle; readonly isNew: boolean } {
  const { groups } = streams
  const name = nameAt(context, consumerAt)
  const found = groups.findConsumer(group, name)
  if (found !== NONE) {
    groups.setSeen(found, context.nowMs)
    return { consumer: found, isNew: false }
  }
  const consumer = groups.createConsumer(root, group, name, context.nowMs)
  context.notify('stream', 'xgroup-createconsumer', keyAt)
  return { consumer, isNew: true }
}

export interface Delivery {
  readonly consumer: Handle
  readonly max: number
  /** Nothing is to be acknowledged. */
  readonly noAck: boolean
}

/** Gives a consumer the next entries of its group: adds them to those found, and tells that they are pending. */
export function deliverNew(context: CommandContext, target: GroupTarget, delivery: Delivery): void {
  const { streams, root, group } = target
  const { from, to, found } = streams.scratch
  const first = found.count
  streams.groups.readLastId(group, from)
  from.increment()
  to.setMax()
  streams.reader.collect(root, { from, to }, delivery.max, found)
  let hasMoved = false
  const { entry } = streams.reader
  for (let index = first; index < found.count; index += 1) {
    entry.read(found.node(index), found.place(index))
    if (streams.progress.advance(root, group, entry.id)) hasMoved = true
    if (!delivery.noAck) makePending(context, target, delivery.consumer, entry.id)
  }
  if (delivery.noAck && hasMoved) tellGroupId(context, target)
}

/** What the consumer has got before and not acknowledged, from `scratch.from` on. */
export function deliverAgain(
  context: CommandContext,
  { streams, root }: GroupTarget,
  { consumer, max }: Delivery,
): void {
  const { trees, groups } = streams
  const { from, found, id } = streams.scratch
  const { entry } = streams.reader
  const end = found.count + max
  const place = { leaf: NONE, index: 0 }
  let isThere = trees.seekCeiling(groups.pendingOf(consumer), from, place)
  for (; isThere && found.count < end; isThere = trees.moveNext(place)) {
    trees.idAt(place, id)
    if (!streams.reader.find(root, id)) {
      found.pushMissing(id)
      continue
    }
    found.push(entry.node, entry.place)
    const delivery = trees.valueAt(place)
    groups.setDelivered(delivery, context.nowMs)
    groups.countDelivery(delivery)
  }
}

/** The entry awaits this consumer's acknowledgement; another may have had it, after XGROUP SETID. */
function makePending(
  context: CommandContext,
  target: GroupTarget,
  consumer: Handle,
  id: StreamId,
): void {
  const { streams, root, group } = target
  const { groups } = streams
  let delivery = groups.delivery(group, id)
  if (delivery === NONE) delivery = groups.deliver(root, group, consumer, id)
  else {
    groups.reassign(root, delivery, consumer, id)
    groups.setDeliveryCount(delivery, 1)
  }
  groups.setDelivered(delivery, context.nowMs)
  tellClaim(context, target, delivery, id)
}

/** As XCLAIM, which says all there is to say of a pending entry, with instants in place of chance. */
export function tellClaim(
  context: CommandContext,
  { streams, group, keyAt, groupAt }: GroupTarget,
  delivery: Handle,
  id: StreamId,
): void {
  if (!context.isPropagating) return context.changedAs()
  const { argv } = context
  const { groups } = streams
  const lastId = new StreamId()
  groups.readLastId(group, lastId)
  const consumer = viewOf(groups.consumerName(groups.consumerOf(delivery)))
  context.changedAs(
    'XCLAIM',
    argv.view(keyAt),
    argv.view(groupAt),
    consumer,
    '0',
    id.toString(),
    'TIME',
    groups.deliveredMs(delivery),
    'RETRYCOUNT',
    `${groups.deliveryCount(delivery)}`,
    'FORCE',
    'JUSTID',
    'LASTID',
    lastId.toString(),
  )
}

/** How far the group is, where no XCLAIM tells. */
export function tellGroupId(
  context: CommandContext,
  { streams, group, keyAt, groupAt }: GroupTarget,
): void {
  if (!context.isPropagating) return context.changedAs()
  const { argv } = context
  const { groups } = streams
  const lastId = new StreamId()
  groups.readLastId(group, lastId)
  context.changedAs(
    'XGROUP',
    'SETID',
    argv.view(keyAt),
    argv.view(groupAt),
    lastId.toString(),
    'ENTRIESREAD',
    `${groups.entriesRead(group)}`,
  )
}

/** A consumer that nothing else would bring into being. */
export function tellConsumer(
  context: CommandContext,
  { keyAt, groupAt }: GroupTarget,
  consumerAt: number,
): void {
  if (!context.isPropagating) return context.changedAs()
  const { argv } = context
  context.changedAs(
    'XGROUP',
    'CREATECONSUMER',
    argv.view(keyAt),
    argv.view(groupAt),
    argv.view(consumerAt),
  )
}

function viewOf({ bytes, start, length }: NameBytes): Uint8Array {
  return bytes.subarray(start, start + length)
}
