import { int64Argument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { keyAt } from '../execution/key-spec.ts'
import { NO_EXPIRY } from '../keyspace/database.ts'
import { invalidExpire, replyErrors, unsupportedOption } from '../protocol/reply-errors.ts'
import { INT64_MAX, INT64_MIN, type Int64 } from '../structures/int64.ts'

const SECOND = { unitMs: 1_000 }
const MILLISECOND = { unitMs: 1 }

export const expiryCommands: readonly CommandSpec[] = [
  expireCommand('expire', '1.0.0', "Set a key's time to live in seconds", {
    ...SECOND,
    isInstant: false,
  }),
  expireCommand('pexpire', '2.6.0', "Set a key's time to live in milliseconds", {
    ...MILLISECOND,
    isInstant: false,
  }),
  expireCommand('expireat', '1.2.0', 'Set the expiration for a key as a UNIX timestamp', {
    ...SECOND,
    isInstant: true,
  }),
  expireCommand(
    'pexpireat',
    '2.6.0',
    'Set the expiration for a key as a UNIX timestamp specified in milliseconds',
    { ...MILLISECOND, isInstant: true },
  ),
  ttlCommand('ttl', '1.0.0', 'Get the time to live for a key in seconds', {
    ...SECOND,
    isInstant: false,
  }),
  ttlCommand('pttl', '2.6.0', 'Get the time to live for a key in milliseconds', {
    ...MILLISECOND,
    isInstant: false,
  }),
  ttlCommand('expiretime', '7.0.0', 'Get the expiration Unix timestamp for a key', {
    ...SECOND,
    isInstant: true,
  }),
  ttlCommand(
    'pexpiretime',
    '7.0.0',
    'Get the expiration Unix timestamp for a key in milliseconds',
    {
      ...MILLISECOND,
      isInstant: true,
    },
  ),
  {
    name: 'persist',
    group: 'generic',
    since: '2.2.0',
    summary: 'Remove the expiration from a key',
    arity: 2,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: persist,
  },
]

interface TimeUnit {
  readonly unitMs: number
  readonly isInstant: boolean
}

function expireCommand(name: string, since: string, summary: string, unit: TimeUnit): CommandSpec {
  return {
    name,
    group: 'generic',
    since,
    summary,
    arity: -3,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: (context) => expire(context, name, unit),
  }
}

function ttlCommand(name: string, since: string, summary: string, unit: TimeUnit): CommandSpec {
  return {
    name,
    group: 'generic',
    since,
    summary,
    arity: 2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    ...(unit.isInstant ? {} : { tips: ['nondeterministic_output'] }),
    run: (context) => tellTtl(context, unit),
  }
}

function expire(context: CommandContext, name: string, unit: TimeUnit): void {
  const { argv, database, reply } = context
  const conditions = readConditions(context)
  if (conditions === undefined) return
  const value = int64Argument(argv, 2)
  if (value === undefined) return reply.error(replyErrors.notInteger)
  const instant = instantOf(value, unit, context.nowMs)
  if (instant === undefined) return reply.error(invalidExpire(name))
  const record = database.findForWrite(argv.bytes, argv.start(1), argv.length(1))
  if (record === 0) return reply.integer(0)
  if (!allows(conditions, database.expiresAtMs(record), instant)) return reply.integer(0)
  // A replica lets its primary decide.
  if (instant <= context.dueMs && !context.keyspace.isFollowing) {
    database.delete(argv.bytes, argv.start(1), argv.length(1))
    context.signal(1, 'generic', 'del')
    context.changedAs('DEL', argv.view(1))
  } else {
    database.setExpiry(record, instant)
    context.signal(1, 'generic', 'expire')
    if (context.isPropagating) context.changedAs('PEXPIREAT', argv.view(1), instant)
    else context.changed()
  }
  reply.integer(1)
}

/** Milliseconds of the Unix epoch; `undefined` where Redis' 64 bits overflow. */
function instantOf(value: Int64, unit: TimeUnit, nowMs: number): number | undefined {
  const sinceMs = unit.isInstant ? 0 : nowMs
  // So few digits overflow nothing.
  if (typeof value === 'number') return value * unit.unitMs + sinceMs
  const unitMs = BigInt(unit.unitMs)
  const isTooLong = value > INT64_MAX / unitMs || value < INT64_MIN / unitMs
  const instant = value * unitMs + BigInt(Math.trunc(sinceMs))
  return isTooLong || instant > INT64_MAX ? undefined : Number(instant)
}

interface Conditions {
  nx: boolean
  xx: boolean
  gt: boolean
  lt: boolean
}

function readConditions(context: CommandContext): Conditions | undefined {
  const { argv, reply } = context
  const conditions: Conditions = { nx: false, xx: false, gt: false, lt: false }
  for (let index = 3; index < argv.count; index += 1) {
    if (argv.is(index, 'NX')) conditions.nx = true
    else if (argv.is(index, 'XX')) conditions.xx = true
    else if (argv.is(index, 'GT')) conditions.gt = true
    else if (argv.is(index, 'LT')) conditions.lt = true
    else {
      reply.error(unsupportedOption(argv.latin1(index)))
      return undefined
    }
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    reply.error(replyErrors.expiryWithNx)
    return undefined
  }
  if (conditions.gt && conditions.lt) {
    reply.error(replyErrors.expiryGtLt)
    return undefined
  }
  return conditions
}

/** A key without expiry counts as one that lives for ever: nothing is greater, anything is less. */
function allows(conditions: Conditions, currentMs: number, instant: number): boolean {
  const hasExpiry = currentMs !== NO_EXPIRY
  if (conditions.nx && hasExpiry) return false
  if (conditions.xx && !hasExpiry) return false
  if (conditions.gt && (!hasExpiry || instant <= currentMs)) return false
  return !(conditions.lt && hasExpiry && instant >= currentMs)
}

function tellTtl(context: CommandContext, unit: TimeUnit): void {
  const { argv, database, reply } = context
  const record = database.look(argv.bytes, argv.start(1), argv.length(1))
  if (record === 0) return reply.integer(-2)
  const expiresAtMs = database.expiresAtMs(record)
  if (expiresAtMs === NO_EXPIRY) return reply.integer(-1)
  const ms = unit.isInstant ? expiresAtMs : Math.max(0, expiresAtMs - context.nowMs)
  reply.integer(unit.unitMs === 1 ? ms : Math.floor((ms + 500) / 1_000))
}

function persist(context: CommandContext): void {
  const { argv, database, reply } = context
  const record = database.findForWrite(argv.bytes, argv.start(1), argv.length(1))
  if (record === 0 || database.expiresAtMs(record) === NO_EXPIRY) return reply.integer(0)
  database.setExpiry(record, NO_EXPIRY)
  context.signal(1, 'generic', 'persist')
  context.changed()
  reply.integer(1)
}
