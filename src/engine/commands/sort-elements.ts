import type { CommandContext } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import type { PackedEntry } from '../structures/packed-entry.ts'
import type { SortOptions } from './sort-options.ts'
import type { SortElement } from './sort-order.ts'

/**
 * The elements to be sorted. Of a list or sorted set that is not to be sorted only those that LIMIT asks for, in the
 * order they have, or from the end with DESC.
 */
export function readSortElements(
  context: CommandContext,
  record: Handle,
  options: SortOptions,
): SortElement[] {
  if (record === 0) return []
  const { database } = context
  const type = database.type(record)
  if (type === 'set') return readSet(context, record)
  const range = options.isUnsorted ? options : EVERYTHING
  return type === 'list'
    ? readList(context, database.root(record), range)
    : readSortedSet(context, record, range)
}

type Range = Pick<SortOptions, 'isDescending' | 'start' | 'count'>

const EVERYTHING: Range = { isDescending: false, start: 0, count: -1 }

function readSet({ collections, database }: CommandContext, record: Handle): SortElement[] {
  const { set } = collections
  const elements: SortElement[] = []
  set.open(database, record)
  set.rewind()
  while (set.next()) elements.push(elementOf(set.member))
  return elements
}

function readList({ structures }: CommandContext, root: Handle, range: Range): SortElement[] {
  const { lists } = structures
  const { cursor, entry, reader } = lists
  const elements: SortElement[] = []
  const { first, count } = extentOf(range, lists.size(root))
  if (count === 0) return elements
  reader.seek(root, range.isDescending ? -1 - first : first, cursor)
  for (;;) {
    reader.read(cursor, entry)
    elements.push(elementOf(entry))
    if (elements.length === count) return elements
    reader.move(cursor, range.isDescending ? 'head' : 'tail')
  }
}

function readSortedSet(
  { collections, database }: CommandContext,
  record: Handle,
  range: Range,
): SortElement[] {
  const { sortedSet } = collections
  const elements: SortElement[] = []
  sortedSet.open(database, record)
  // As in Redis (sort.c), where whoever asks for the encoding sees it.
  sortedSet.becomeTable()
  const { size } = sortedSet
  const { first, count } = extentOf(range, size)
  sortedSet.seek(range.isDescending ? size - 1 - first : first)
  while (elements.length < count) {
    if (range.isDescending) sortedSet.previous()
    else sortedSet.next()
    elements.push(elementOf(sortedSet.member))
  }
  return elements
}

/** How many from where on, counted from the end that comes first. */
function extentOf(
  { start, count }: Range,
  size: number,
): { readonly first: number; readonly count: number } {
  const first = Math.min(Math.max(0, start), size)
  const left = size - first
  return { first, count: count < 0 ? left : Math.min(count, left) }
}

function elementOf(entry: PackedEntry): SortElement {
  return { bytes: Buffer.from(entry.view()), score: 0, weight: undefined }
}
