import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { keyRange } from '../execution/key-spec.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { type CommonRange, CommonSubsequence } from '../structures/longest-common-subsequence.ts'

interface LcsOptions {
  readonly asks: 'text' | 'length' | 'ranges'
  readonly lengthMin: number
  readonly withLength: boolean
}

export const lcsCommands: readonly CommandSpec[] = [
  {
    name: 'lcs',
    group: 'string',
    since: '7.0.0',
    summary: 'Find longest common substring',
    arity: -3,
    flags: ['readonly'],
    keySpecs: [keyRange(1, { last: 1 }, 'RO', 'access')],
    run: lcs,
  },
]

function lcs(context: CommandContext): void {
  const { reply, services } = context
  const left = readString(context, 1)
  const right = readString(context, 2)
  if (left === undefined || right === undefined) return reply.error(replyErrors.lcsNotStrings)
  const options = readOptions(context)
  if (options === undefined) return
  const tableBytes = CommonSubsequence.tableBytes(left.length, right.length)
  if (tableBytes > services.config.integer('proto-max-bulk-len')) {
    return reply.error(replyErrors.lcsTooLong)
  }
  const common = new CommonSubsequence(left, right)
  if (options.asks === 'length') return reply.integer(common.length)
  if (options.asks === 'ranges') return replyWithRanges(context, common, options)
  const bytes = common.bytes()
  reply.bulk(bytes, 0, bytes.length)
}

/** Empty without a key; `undefined` when it holds no string. */
function readString({ argv, database }: CommandContext, argument: number): Uint8Array | undefined {
  const record = database.find(argv.bytes, argv.start(argument), argv.length(argument))
  if (record === 0) return new Uint8Array(0)
  if (!database.isString(record)) return undefined
  const start = database.valueStart(record)
  return database.bytes(record).subarray(start, start + database.valueLength(record))
}

/** `undefined` once the error is written. */
function readOptions({ argv, reply }: CommandContext): LcsOptions | undefined {
  let asksLength = false
  let asksRanges = false
  let withLength = false
  let lengthMin = 0
  for (let index = 3; index < argv.count; index += 1) {
    if (argv.is(index, 'IDX')) asksRanges = true
    else if (argv.is(index, 'LEN')) asksLength = true
    else if (argv.is(index, 'WITHMATCHLEN')) withLength = true
    else if (argv.is(index, 'MINMATCHLEN') && index + 1 < argv.count) {
      index += 1
      lengthMin = integerArgument(argv, index)
      if (Number.isNaN(lengthMin)) {
        reply.error(replyErrors.notInteger)
        return undefined
      }
    } else {
      reply.error(replyErrors.syntax)
      return undefined
    }
  }
  if (asksLength && asksRanges) {
    reply.error(replyErrors.lcsLengthAndRanges)
    return undefined
  }
  return { asks: asksRanges ? 'ranges' : asksLength ? 'length' : 'text', lengthMin, withLength }
}

function replyWithRanges(
  { reply }: CommandContext,
  common: CommonSubsequence,
  { lengthMin, withLength }: LcsOptions,
): void {
  const ranges = common.ranges().filter((range) => lengthOf(range) >= lengthMin)
  reply.map(2)
  reply.text('matches')
  reply.array(ranges.length)
  for (const range of ranges) {
    reply.array(withLength ? 3 : 2)
    for (const [first, last] of [range.left, range.right]) {
      reply.array(2)
      reply.integer(first)
      reply.integer(last)
    }
    if (withLength) reply.integer(lengthOf(range))
  }
  reply.text('len')
  reply.integer(common.length)
}

function lengthOf({ left: [first, last] }: CommonRange): number {
  return last - first + 1
}
