import type { Handle } from '../../memory/slab.ts'
import type { IdTree, IdTreePlace } from './id-tree.ts'
import { ID_BYTES, StreamId } from './stream-id.ts'

const NO_BRANCH = -1

/**
 * How many nodes a radix tree as that of Redis (rax.c) would have more for this id, which is not in the index. XINFO
 * STREAM tells the nodes of such a tree of all ids in it, 16 bytes each, most significant first.
 *
 * There is a node for each branch, one for each id's end, and one for each run of bytes between two of them, if it is
 * not empty. What a new id changes is told by the ids that share the most bytes with it: four looks at the index.
 */
export function radixNodesOf(tree: IdTree, index: Handle, id: StreamId): number {
  const size = tree.size(index)
  // A tree without ids has a node, too.
  if (size === 0) return 1
  const shared = Math.max(sharedBefore(tree, index, id), sharedAfter(tree, index, id))
  const first = withBytesFrom(id, shared, 0)
  const last = withBytesFrom(id, shared, 0xff)
  const place = { leaf: 0, index: 0 }
  const firstInside = new StreamId()
  const lastInside = new StreamId()
  if (tree.seekCeiling(index, first, place)) tree.idAt(place, firstInside)
  if (tree.seekFloor(index, last, place)) tree.idAt(place, lastInside)
  const leaf = shared === ID_BYTES - 1 ? 1 : 2
  const branch = sharedBytes(firstInside, lastInside)
  // They part there already: one more way out of a branch.
  if (branch === shared) return leaf
  const above = branchAbove(tree, index, firstInside, lastInside)
  return leaf + 2 - (above === shared - 1 ? 1 : 0) - (branch === shared + 1 ? 1 : 0)
}

/** Where the last branch on the way to these ids is, which share more with each other than with any other id. */
function branchAbove(tree: IdTree, index: Handle, first: StreamId, last: StreamId): number {
  return Math.max(neighbour(tree, index, first, 'before'), neighbour(tree, index, last, 'after'))
}

function sharedBefore(tree: IdTree, index: Handle, id: StreamId): number {
  return neighbour(tree, index, id, 'before')
}

function sharedAfter(tree: IdTree, index: Handle, id: StreamId): number {
  return neighbour(tree, index, id, 'after')
}

/** How many bytes the id shares with the one before it or after it; NO_BRANCH when there is none. */
function neighbour(tree: IdTree, index: Handle, id: StreamId, side: 'before' | 'after'): number {
  const place: IdTreePlace = { leaf: 0, index: 0 }
  const other = StreamId.copyOf(id)
  const isThere = side === 'before' ? other.decrement() : other.increment()
  if (!isThere) return NO_BRANCH
  const found =
    side === 'before' ? tree.seekFloor(index, other, place) : tree.seekCeiling(index, other, place)
  if (!found) return NO_BRANCH
  tree.idAt(place, other)
  return sharedBytes(id, other)
}

/** How many bytes two ids start with alike, most significant first. */
function sharedBytes(left: StreamId, right: StreamId): number {
  const words = [
    left.msHigh ^ right.msHigh,
    left.msLow ^ right.msLow,
    left.seqHigh ^ right.seqHigh,
    left.seqLow ^ right.seqLow,
  ]
  let shared = 0
  for (const difference of words) {
    if (difference !== 0) return shared + (Math.clz32(difference) >>> 3)
    shared += 4
  }
  return shared
}

/** The id with other bytes from the one after `at` on: the edges of the ids that start as it does. */
function withBytesFrom(id: StreamId, at: number, byte: number): StreamId {
  const edge = StreamId.copyOf(id)
  edge.msHigh = withByteFrom(edge.msHigh, at, byte)
  edge.msLow = withByteFrom(edge.msLow, at - 4, byte)
  edge.seqHigh = withByteFrom(edge.seqHigh, at - 8, byte)
  edge.seqLow = withByteFrom(edge.seqLow, at - 12, byte)
  return edge
}

function withByteFrom(word: number, at: number, byte: number): number {
  if (at >= 4) return word
  if (at <= 0) return byte === 0 ? 0 : 0xffff_ffff
  const mask = 0xffff_ffff >>> (at * 8)
  return (byte === 0 ? word & ~mask : word | mask) >>> 0
}
