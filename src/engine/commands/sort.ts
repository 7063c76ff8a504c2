import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { sortKeys, sortRoKeys } from '../execution/key-extractors.ts'
import { keyAt, unknownKeys, withNotes } from '../execution/key-spec.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { orFree } from '../structures/or-free.ts'
import { readSortElements } from './sort-elements.ts'
import { readSortOptions, type SortOptions } from './sort-options.ts'
import { type SortElement, sortElements } from './sort-order.ts'
import { lookUpPattern } from './sort-pattern.ts'

const CATEGORIES = ['set', 'sortedset', 'list', 'dangerous']
const PATTERN_KEYS = withNotes(
  "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
  unknownKeys('RO', 'access'),
)
const STORE_KEY = withNotes(
  "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
  unknownKeys('OW', 'update'),
)

export const sortCommands: readonly CommandSpec[] = [
  {
    name: 'sort',
    group: 'generic',
    since: '1.0.0',
    summary: 'Sort the elements in a list, set or sorted set',
    arity: -2,
    flags: ['write', 'denyoom'],
    categories: CATEGORIES,
    keySpecs: [keyAt(1, 'RO', 'access'), PATTERN_KEYS, STORE_KEY],
    extractKeys: sortKeys,
    run: (context) => sort(context, true),
  },
  {
    name: 'sort_ro',
    group: 'generic',
    since: '7.0.0',
    summary: 'Sort the elements in a list, set or sorted set. Read-only variant of SORT.',
    arity: -2,
    flags: ['readonly'],
    categories: CATEGORIES,
    keySpecs: [keyAt(1, 'RO', 'access'), PATTERN_KEYS],
    extractKeys: sortRoKeys,
    run: (context) => sort(context, false),
  },
]

function sort(context: CommandContext, mayStore: boolean): void {
  const options = readSortOptions(context, mayStore)
  if (options === undefined) return
  const { argv, database, reply } = context
  const record = database.find(argv.bytes, argv.start(1), argv.length(1))
  const type = record === 0 ? 'list' : database.type(record)
  if (type !== 'list' && type !== 'set' && type !== 'zset') {
    return reply.error(replyErrors.wrongType)
  }
  // Without an order of its own, a set has to have the same one wherever the command runs again.
  const isForced =
    type === 'set' &&
    options.isUnsorted &&
    (options.storeAt > 0 || context.client.caller !== undefined)
  const effective = isForced
    ? { ...options, isUnsorted: false, isAlpha: true, by: undefined }
    : options
  const elements = readSortElements(context, record, effective)
  if (!effective.isUnsorted && !sortElements(context, elements, effective)) {
    return reply.error(replyErrors.sortScore)
  }
  const sorted = effective.isUnsorted && type !== 'set' ? elements : limited(elements, effective)
  if (options.storeAt > 0) store(context, sorted, options)
  else answer(context, sorted, options)
}

/** What LIMIT leaves. */
function limited(
  elements: readonly SortElement[],
  { start, count }: SortOptions,
): readonly SortElement[] {
  const from = Math.max(0, start)
  return count < 0 ? elements.slice(from) : elements.slice(from, from + count)
}

function answer(
  context: CommandContext,
  elements: readonly SortElement[],
  { gets }: SortOptions,
): void {
  const { reply } = context
  reply.array(elements.length * Math.max(1, gets.length))
  for (const { bytes } of elements) {
    if (gets.length === 0) reply.bulk(bytes, 0, bytes.length)
    for (const pattern of gets) {
      const found = lookUpPattern(context, pattern, bytes)
      if (found === undefined) reply.null()
      else reply.bulk(found, 0, found.length)
    }
  }
}

/** What GET does not find is an empty element. */
function store(
  context: CommandContext,
  elements: readonly SortElement[],
  { gets, storeAt }: SortOptions,
): void {
  const { argv, database, reply, services, structures } = context
  const start = argv.start(storeAt)
  const length = argv.length(storeAt)
  if (elements.length === 0) {
    if (database.delete(argv.bytes, start, length)) {
      context.signal(storeAt, 'generic', 'del')
      context.changed()
    }
    return reply.integer(0)
  }
  const { lists } = structures
  const created = lists.create(services.config.integer('list-max-listpack-size'))
  const size = orFree(lists, created, (root) => {
    for (const { bytes } of elements) {
      if (gets.length === 0) lists.push(root, 'tail', bytes, 0, bytes.length)
      for (const pattern of gets) {
        const found = lookUpPattern(context, pattern, bytes) ?? NOTHING
        lists.push(root, 'tail', found, 0, found.length)
      }
    }
    database.createRooted(argv.bytes, start, length, 'list', root)
    return lists.size(root)
  })
  context.signal(storeAt, 'list', 'sortstore')
  context.changed()
  reply.integer(size)
}

const NOTHING = Buffer.alloc(0)
