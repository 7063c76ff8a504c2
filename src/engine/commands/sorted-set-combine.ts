import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import type { SetValue } from '../keyspace/set-value.ts'
import type { SortedSetValue } from '../keyspace/sorted-set-value.ts'
import { inputKeyNeeded, replyErrors } from '../protocol/reply-errors.ts'
import type { PackedEntry } from '../structures/packed-entry.ts'
import { parseDouble } from '../structures/parse-double.ts'
import { refuse } from './refuse.ts'
import { replyWithMemberCount, storeResult } from './sorted-set-access.ts'

export type Operation = 'union' | 'inter' | 'diff'

type Aggregate = 'sum' | 'min' | 'max'

/** A sorted set, or a set, whose members have the score 1; nothing when there is no such key. */
interface Source {
  readonly record: Handle
  readonly value: SortedSetValue | SetValue | undefined
  readonly size: number
  weight: number
}

/** What was asked for. */
interface Combination {
  readonly operation: Operation
  readonly stores: boolean
  readonly countsOnly: boolean
  readonly sources: Source[]
  aggregate: Aggregate
  withScores: boolean
  /** 0 without a limit. */
  limit: number
}

/** ZUNION, ZINTER, ZDIFF numkeys key [key ...] [WEIGHTS ...] [AGGREGATE ...] [WITHSCORES] */
export function replyWithCombination(context: CommandContext, operation: Operation): void {
  const { reply } = context
  const { resultSortedSet } = context.collections
  const asked = read(context, 1, { operation, stores: false, countsOnly: false })
  if (asked === undefined) return
  combine(context, asked)
  const { withScores } = asked
  replyWithMemberCount(context, resultSortedSet.size, withScores)
  resultSortedSet.rewind()
  while (resultSortedSet.next()) {
    if (withScores && reply.protocol === 3) reply.array(2)
    resultSortedSet.member.replyTo(reply)
    if (withScores) reply.double(resultSortedSet.score)
  }
  resultSortedSet.discard()
}

/** ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE destination numkeys key [key ...] [WEIGHTS ...] [AGGREGATE ...] */
export function storeCombination(context: CommandContext, operation: Operation): void {
  const asked = read(context, 2, { operation, stores: true, countsOnly: false })
  if (asked === undefined) return
  combine(context, asked)
  storeResult(context, 1, `z${operation}store`)
}

/** ZINTERCARD numkeys key [key ...] [LIMIT limit] */
export function zintercard(context: CommandContext): void {
  const asked = read(context, 1, { operation: 'inter', stores: false, countsOnly: true })
  if (asked === undefined) return
  const [first, ...others] = bySize(asked.sources)
  let count = 0
  if (first?.value !== undefined) {
    first.value.rewind()
    while (first.value.next()) {
      const { member } = first.value
      if (!others.every((other) => isSame(first, other) || scoreIn(other, member) !== undefined)) {
        continue
      }
      count += 1
      if (count === asked.limit) break
    }
  }
  context.reply.integer(count)
}

/** Undefined after an error. */
function read(
  context: CommandContext,
  countAt: number,
  kind: Pick<Combination, 'operation' | 'stores' | 'countsOnly'>,
): Combination | undefined {
  const { argv, reply } = context
  const count = integerArgument(argv, countAt)
  const first = countAt + 1
  if (Number.isNaN(count)) reply.error(replyErrors.notInteger)
  else if (count < 1) reply.error(inputKeyNeeded(argv.latin1(0).toLowerCase()))
  else if (count > argv.count - first) reply.error(replyErrors.syntax)
  else {
    const sources = findSources(context, first, count)
    if (sources === undefined) return undefined
    const asked = { ...kind, sources, aggregate: 'sum', withScores: false, limit: 0 } as const
    return readOptions(context, first + count, asked)
  }
  return undefined
}

function findSources(context: CommandContext, first: number, count: number): Source[] | undefined {
  const { argv, database } = context
  const sources: Source[] = []
  for (let index = first; index < first + count; index += 1) {
    const record = database.find(argv.bytes, argv.start(index), argv.length(index))
    const value = record === 0 ? undefined : openSource(context, record)
    if (record !== 0 && value === undefined) {
      context.reply.error(replyErrors.wrongType)
      return undefined
    }
    sources.push({ record, value, size: value?.size ?? 0, weight: 1 })
  }
  return sources
}

/** Undefined of another type. */
function openSource(
  context: CommandContext,
  record: Handle,
): SortedSetValue | SetValue | undefined {
  const { collections, database } = context
  const type = database.type(record)
  if (type !== 'zset' && type !== 'set') return undefined
  const value = type === 'zset' ? collections.newSortedSet() : collections.newSet()
  value.open(database, record)
  return value
}

function readOptions(
  context: CommandContext,
  first: number,
  initial: Combination,
): Combination | undefined {
  const { argv, reply } = context
  const asked = { ...initial }
  const hasWeights = asked.operation !== 'diff' && !asked.countsOnly
  for (let index = first; index < argv.count; index += 1) {
    const left = argv.count - index - 1
    if (hasWeights && left >= asked.sources.length && argv.is(index, 'WEIGHTS')) {
      if (!readWeights(context, index + 1, asked.sources)) return undefined
      index += asked.sources.length
    } else if (hasWeights && left >= 1 && argv.is(index, 'AGGREGATE')) {
      const aggregate = aggregateOf(context, index + 1)
      if (aggregate === undefined) return refuse(context, replyErrors.syntax)
      asked.aggregate = aggregate
      index += 1
    } else if (!asked.stores && !asked.countsOnly && argv.is(index, 'WITHSCORES')) {
      asked.withScores = true
    } else if (asked.countsOnly && left >= 1 && argv.is(index, 'LIMIT')) {
      asked.limit = integerArgument(argv, index + 1)
      if (!(asked.limit >= 0)) return refuse(context, replyErrors.limitNegative)
      index += 1
    } else {
      reply.error(replyErrors.syntax)
      return undefined
    }
  }
  return asked
}

/** False after an error. */
function readWeights(context: CommandContext, first: number, sources: Source[]): boolean {
  const { argv, reply } = context
  for (const [index, source] of sources.entries()) {
    const at = first + index
    source.weight = parseDouble(argv.bytes, argv.start(at), argv.length(at))
    if (!Number.isNaN(source.weight)) continue
    reply.error(replyErrors.weightNotFloat)
    return false
  }
  return true
}

function aggregateOf({ argv }: CommandContext, index: number): Aggregate | undefined {
  if (argv.is(index, 'SUM')) return 'sum'
  if (argv.is(index, 'MIN')) return 'min'
  return argv.is(index, 'MAX') ? 'max' : undefined
}

/** Leaves the result in `resultSortedSet`. */
function combine(context: CommandContext, asked: Combination): void {
  const { resultSortedSet } = context.collections
  resultSortedSet.openLoose()
  try {
    if (asked.operation === 'diff') subtract(resultSortedSet, asked.sources)
    else if (asked.operation === 'inter') intersect(resultSortedSet, asked)
    else unite(resultSortedSet, asked)
  } catch (error) {
    resultSortedSet.discard()
    throw error
  }
}

/** In the order of sizes, as Redis goes: sums of doubles depend on it. */
function bySize(sources: readonly Source[]): Source[] {
  return [...sources].sort((left, right) => left.size - right.size)
}

function unite(result: SortedSetValue, { sources, aggregate }: Combination): void {
  for (const { value, weight } of bySize(sources)) {
    if (value === undefined) continue
    value.rewind()
    while (value.next()) {
      const { member } = value
      const score = orZero(weight * scoreOf(value))
      member.spell()
      if (!result.find(member.bytes, member.start, member.length)) {
        result.add(member.bytes, member.start, member.length, score)
        continue
      }
      const sum = aggregated(aggregate, result.score, score)
      if (!Object.is(sum, result.score))
        result.setScore(member.bytes, member.start, member.length, sum)
    }
  }
}

function intersect(result: SortedSetValue, { sources, aggregate }: Combination): void {
  const [first, ...others] = bySize(sources)
  if (first?.value === undefined) return
  first.value.rewind()
  while (first.value.next()) {
    const { member } = first.value
    const own = scoreOf(first.value)
    let score: number | undefined = orZero(first.weight * own)
    for (const other of others) {
      const value: number | undefined = isSame(first, other) ? own : scoreIn(other, member)
      score = value === undefined ? undefined : aggregated(aggregate, score, value * other.weight)
      if (score === undefined) break
    }
    if (score === undefined) continue
    member.spell()
    result.add(member.bytes, member.start, member.length, score)
  }
}

function subtract(result: SortedSetValue, [first, ...others]: readonly Source[]): void {
  if (first?.value === undefined || others.some((other) => isSame(first, other))) return
  // The largest first: there the chance to find a member is best.
  const largestFirst = bySize(others).reverse()
  first.value.rewind()
  while (first.value.next()) {
    const { member } = first.value
    if (largestFirst.some((other) => scoreIn(other, member) !== undefined)) continue
    member.spell()
    result.add(member.bytes, member.start, member.length, scoreOf(first.value))
  }
}

function isSame(left: Source, right: Source): boolean {
  return left.record === right.record
}

/** Of the member that was read last. */
function scoreOf(value: SortedSetValue | SetValue): number {
  return 'score' in value ? value.score : 1
}

function scoreIn({ value }: Source, member: PackedEntry): number | undefined {
  if (value === undefined) return undefined
  if (!('score' in value)) return value.hasMember(member) ? 1 : undefined
  member.spell()
  return value.find(member.bytes, member.start, member.length) ? value.score : undefined
}

function aggregated(aggregate: Aggregate, target: number, value: number): number {
  // Written so that a value that is not a number changes nothing, as in Redis.
  if (aggregate === 'min') return value < target ? value : target
  if (aggregate === 'max') return value > target ? value : target
  return orZero(target + value)
}

/** Infinities that meet cancel out. */
function orZero(score: number): number {
  return Number.isNaN(score) ? 0 : score
}
