import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { KEEP_EXPIRY, NO_EXPIRY } from '../keyspace/database.ts'
import { invalidExpire, replyErrors } from '../protocol/reply-errors.ts'

export interface SetOptions {
  readonly condition: 'nx' | 'xx' | undefined
  readonly returnsOld: boolean
  readonly persists: boolean
  /** An instant, NO_EXPIRY, or KEEP_EXPIRY. */
  readonly expiresAtMs: number
}

type OptionsBeingRead = { -readonly [Name in keyof SetOptions]: SetOptions[Name] }

/** Most calls have no option: they allocate nothing, and are known by this object. */
export const NO_OPTIONS: SetOptions = {
  condition: undefined,
  returnsOld: false,
  persists: false,
  expiresAtMs: NO_EXPIRY,
}

const SET = { firstOption: 3, command: 'set' } as const
const GETEX = { firstOption: 2, command: 'getex' } as const

export interface ExpiryArgument {
  readonly unitMs: number
  /** Whether the number is an instant, or a span from now on. */
  readonly isInstant: boolean
  readonly command: string
}

const EXPIRY_WORDS: readonly (readonly [word: string, unitMs: number, isInstant: boolean])[] = [
  ['EX', 1_000, false],
  ['PX', 1, false],
  ['EXAT', 1_000, true],
  ['PXAT', 1, true],
]

/** Options of SET, or of GETEX. `undefined` after an error, which has been written. */
export function parseSetOptions(
  context: CommandContext,
  command: 'set' | 'getex',
): SetOptions | undefined {
  const { argv, reply } = context
  const where = command === 'set' ? SET : GETEX
  if (argv.count === where.firstOption) return NO_OPTIONS
  const options: OptionsBeingRead = { ...NO_OPTIONS }
  let expiryAt = 0
  let expiryWord = 0
  let isExpirySaid = false
  for (let index = where.firstOption; index < argv.count; index += 1) {
    const word = EXPIRY_WORDS.findIndex(([name]) => argv.is(index, name))
    if (word >= 0 && index + 1 < argv.count && !isExpirySaid) {
      isExpirySaid = true
      expiryWord = word
      expiryAt = index + 1
      index += 1
    } else if (!applyWord(context, index, where.command, options, isExpirySaid)) {
      reply.error(replyErrors.syntax)
      return undefined
    } else if (options.persists || options.expiresAtMs === KEEP_EXPIRY) {
      isExpirySaid = true
    }
  }
  // Redis looks at the number only once there is something to expire.
  if (expiryAt === 0 || (command === 'getex' && !hasString(context))) return options
  const [, unitMs = 1, isInstant = false] = EXPIRY_WORDS[expiryWord] ?? []
  const instant = readExpiry(context, expiryAt, { unitMs, isInstant, command: where.command })
  if (instant === undefined) return undefined
  options.expiresAtMs = instant
  return options
}

function hasString({ argv, database }: CommandContext): boolean {
  const record = database.peek(argv.bytes, argv.start(1), argv.length(1))
  return record !== 0 && database.isString(record)
}

/** False when the word is unknown here, or contradicts one before it. */
function applyWord(
  context: CommandContext,
  index: number,
  command: 'set' | 'getex',
  options: OptionsBeingRead,
  isExpirySaid: boolean,
): boolean {
  const { argv } = context
  if (command === 'getex') {
    if (!argv.is(index, 'PERSIST') || isExpirySaid) return false
    options.persists = true
    return true
  }
  if (argv.is(index, 'NX') && options.condition !== 'xx') options.condition = 'nx'
  else if (argv.is(index, 'XX') && options.condition !== 'nx') options.condition = 'xx'
  else if (argv.is(index, 'GET')) options.returnsOld = true
  else if (argv.is(index, 'KEEPTTL') && (!isExpirySaid || options.expiresAtMs === KEEP_EXPIRY)) {
    options.expiresAtMs = KEEP_EXPIRY
  } else return false
  return true
}

/** The instant an argument means, in milliseconds; `undefined` after an error, which has been written. */
export function readExpiry(
  context: CommandContext,
  argument: number,
  expiry: ExpiryArgument,
): number | undefined {
  const value = integerArgument(context.argv, argument)
  if (Number.isNaN(value)) {
    context.reply.error(replyErrors.notInteger)
    return undefined
  }
  const instant = value * expiry.unitMs + (expiry.isInstant ? 0 : context.nowMs)
  // Where Redis' 64-bit milliseconds would overflow.
  if (value <= 0 || instant > 2 ** 63) {
    context.reply.error(invalidExpire(expiry.command))
    return undefined
  }
  return instant
}
