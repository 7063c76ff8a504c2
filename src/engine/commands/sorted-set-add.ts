import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { parseDouble } from '../structures/parse-double.ts'

/** Options of ZADD, as bits. */
const ADD_NX = 1
const ADD_XX = 2
const ADD_GT = 4
const ADD_LT = 8
const ADD_CHANGED = 16
export const ADD_INCREMENT = 32

/** What came of one member. */
const IGNORED = 0
const UNCHANGED = 1
const ADDED = 2
const UPDATED = 3
const NOT_A_NUMBER = 4

/** ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member ...; ZINCRBY key increment member */
export function addScores(context: CommandContext, preset: number): void {
  const { argv, reply } = context
  let flags = preset
  let first = 2
  for (let flag = addFlag(argv, first); flag !== 0; flag = addFlag(argv, first)) {
    flags |= flag
    first += 1
  }
  const refusal = refusalOf(flags, argv.count - first)
  if (refusal !== undefined) return reply.error(refusal)
  for (let index = first; index < argv.count; index += 2) {
    if (Number.isNaN(scoreArgument(argv, index))) return reply.error(replyErrors.notFloat)
  }
  const isOpen = openForAdding(context, flags, argv.length(first + 1))
  if (isOpen === undefined) return
  if (!isOpen) return replyToAdding(context, flags, 0, 0)
  let added = 0
  let updated = 0
  let outcome = IGNORED
  for (let index = first; index < argv.count; index += 2) {
    outcome = addOne(context, flags, scoreArgument(argv, index), index + 1)
    if (outcome === ADDED) added += 1
    else if (outcome === UPDATED) updated += 1
  }
  if (outcome === NOT_A_NUMBER) return reply.error(replyErrors.scoreNotANumber)
  if (added + updated > 0) {
    tellOfAdding(context, flags)
    context.changed()
  }
  replyToAdding(context, flags, (flags & ADD_CHANGED) === 0 ? added : added + updated, outcome)
}

/**
 * The members in every third argument from `first` on, with these scores, as ZADD adds them: GEOADD, which is
 * a ZADD to everybody else.
 */
export function addPlaces(context: CommandContext, first: number, scores: readonly number[]): void {
  const { argv } = context
  let flags = 0
  for (let index = 2; index < first; index += 1) flags |= addFlag(argv, index)
  const isOpen = openForAdding(context, flags, argv.length(first + 2))
  if (isOpen === undefined) return
  let added = 0
  let updated = 0
  for (const [index, score] of isOpen ? scores.entries() : []) {
    const outcome = addOne(context, flags, score, first + 3 * index + 2)
    if (outcome === ADDED) added += 1
    else if (outcome === UPDATED) updated += 1
  }
  if (added + updated > 0) {
    tellOfAdding(context, flags)
    propagatePlaces(context, first, scores)
  }
  context.reply.integer((flags & ADD_CHANGED) === 0 ? added : added + updated)
}

/** 0 for what is no option. */
function addFlag(argv: ArgumentVector, index: number): number {
  if (index >= argv.count || argv.length(index) > 4) return 0
  if (argv.is(index, 'NX')) return ADD_NX
  if (argv.is(index, 'XX')) return ADD_XX
  if (argv.is(index, 'CH')) return ADD_CHANGED
  if (argv.is(index, 'INCR')) return ADD_INCREMENT
  if (argv.is(index, 'GT')) return ADD_GT
  return argv.is(index, 'LT') ? ADD_LT : 0
}

/** In the order of t_zset.c, zaddGenericCommand. `rest` is the number of arguments behind the options. */
function refusalOf(flags: number, rest: number): string | undefined {
  if (rest % 2 !== 0 || rest === 0) return replyErrors.syntax
  const isNx = (flags & ADD_NX) !== 0
  if (isNx && (flags & ADD_XX) !== 0) return replyErrors.addNxXx
  const compares = flags & (ADD_GT | ADD_LT)
  if ((isNx && compares !== 0) || compares === (ADD_GT | ADD_LT)) return replyErrors.addGtLtNx
  if ((flags & ADD_INCREMENT) !== 0 && rest > 2) return replyErrors.addIncrementPairs
  return undefined
}

function scoreArgument(argv: ArgumentVector, index: number): number {
  return parseDouble(argv.bytes, argv.start(index), argv.length(index))
}

/**
 * Opens the sorted set of the first argument, a new one unless XX forbids it: then false. Undefined after
 * WRONGTYPE.
 */
function openForAdding(
  context: CommandContext,
  flags: number,
  memberLength: number,
): boolean | undefined {
  const { argv, database } = context
  const { sortedSet } = context.collections
  const record = context.findValue(1, 'zset', 'write')
  if (record === WRONG_TYPE) return undefined
  if (record !== 0) {
    sortedSet.open(database, record)
    return true
  }
  if ((flags & ADD_XX) !== 0) return false
  sortedSet.create(database, argv.bytes, argv.start(1), argv.length(1), memberLength)
  return true
}

/** Leaves the member's new score in `sortedSet.addedScore`. */
function addOne(context: CommandContext, flags: number, given: number, member: number): number {
  const { argv } = context
  const { sortedSet } = context.collections
  const start = argv.start(member)
  const length = argv.length(member)
  if (!sortedSet.find(argv.bytes, start, length)) {
    if ((flags & ADD_XX) !== 0) return IGNORED
    sortedSet.add(argv.bytes, start, length, given)
    sortedSet.addedScore = given
    return ADDED
  }
  if ((flags & ADD_NX) !== 0) return IGNORED
  const old = sortedSet.score
  const score = (flags & ADD_INCREMENT) === 0 ? given : old + given
  if (Number.isNaN(score)) return NOT_A_NUMBER
  const isRefused =
    ((flags & ADD_LT) !== 0 && score >= old) || ((flags & ADD_GT) !== 0 && score <= old)
  if (isRefused) return IGNORED
  if (score !== old) sortedSet.setScore(argv.bytes, start, length, score)
  sortedSet.addedScore = score
  return score === old ? UNCHANGED : UPDATED
}

function tellOfAdding(context: CommandContext, flags: number): void {
  context.modified(1)
  context.notify('sortedSet', (flags & ADD_INCREMENT) === 0 ? 'zadd' : 'zincr', 1)
}

function replyToAdding(
  context: CommandContext,
  flags: number,
  count: number,
  outcome: number,
): void {
  const { reply } = context
  if ((flags & ADD_INCREMENT) === 0) reply.integer(count)
  else if (outcome === IGNORED) reply.null()
  else reply.double(context.collections.sortedSet.addedScore)
}

function propagatePlaces(context: CommandContext, first: number, scores: readonly number[]): void {
  if (!context.isPropagating) return context.changed()
  const { argv } = context
  const effect: (string | number | Uint8Array)[] = ['ZADD']
  for (let index = 1; index < first; index += 1) effect.push(argv.view(index))
  for (const [index, score] of scores.entries()) {
    effect.push(score, argv.view(first + 3 * index + 2))
  }
  context.changedAs(...effect)
}
