import { integerArgument } from '../execution/arguments.ts'
import { CLIENT_STATE } from '../execution/client.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { keyAt } from '../execution/key-spec.ts'
import type { PayloadTrust } from '../execution/persistence-service.ts'
import type { Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

const FREQUENCY_MAX = 255
const UNSET = -1

export const dumpCommands: readonly CommandSpec[] = [
  {
    name: 'dump',
    group: 'generic',
    since: '2.6.0',
    summary: 'Return a serialized version of the value stored at the specified key.',
    arity: 2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output'],
    run: dump,
  },
  {
    name: 'restore',
    group: 'generic',
    since: '2.6.0',
    summary: 'Create a key using the provided serialized value, previously obtained using DUMP.',
    arity: -4,
    flags: ['write', 'denyoom'],
    categories: ['keyspace', 'dangerous'],
    keySpecs: [keyAt(1, 'OW', 'update')],
    run: restore,
  },
  {
    name: 'restore-asking',
    group: 'server',
    since: '3.0.0',
    summary: 'An internal command for migrating keys in a cluster',
    arity: -4,
    flags: ['write', 'denyoom', 'asking'],
    categories: ['keyspace', 'dangerous'],
    keySpecs: [keyAt(1, 'OW', 'update')],
    run: restore,
  },
]

function dump({ argv, database, reply, services }: CommandContext): void {
  const record = database.find(argv.bytes, argv.start(1), argv.length(1))
  if (record === 0) return reply.null()
  const { bytes, length } = services.values.dump(database, record)
  reply.bulk(bytes, 0, length)
}

/**
 * sanitize-dump-payload (rdb.c, rdbLoadObject): `clients` believes those who are known to bring what is sound. `no`,
 * Redis' default, looks as closely here as `yes`: all that Redis' own checks would have caught could do harm later.
 */
function trustIn({ client, services }: CommandContext): PayloadTrust {
  const mode = services.config.value('sanitize-dump-payload')
  const isKnown = client.is(CLIENT_STATE.primary) || client.user?.skipsSanitizing === true
  if (mode === 'clients' && isKnown) return 'believed'
  return mode === 'no' ? 'checked' : 'counted'
}

interface RestoreOptions {
  replaces: boolean
  isAbsolute: boolean
  idleSeconds: number
  frequency: number
}

function restore(context: CommandContext): void {
  const { argv, database, reply, services } = context
  const options = readOptions(context)
  if (options === undefined) return
  const start = argv.start(1)
  const length = argv.length(1)
  const isThere = database.findForWrite(argv.bytes, start, length) !== 0
  if (isThere && !options.replaces) return reply.error(replyErrors.busyKey)
  const ttlMs = integerArgument(argv, 2)
  if (Number.isNaN(ttlMs)) return reply.error(replyErrors.notInteger)
  if (ttlMs < 0) return reply.error(replyErrors.restoreTtl)
  const payload = argv.view(3)
  if (!services.values.isIntact(payload)) return reply.error(replyErrors.dumpPayload)
  if (!services.values.read(payload, trustIn(context))) return reply.error(replyErrors.badData)
  const expiresAtMs = ttlMs === 0 || options.isAbsolute ? ttlMs : ttlMs + context.nowMs
  if (expiresAtMs > 0 && expiresAtMs <= context.dueMs) {
    services.values.discard()
    if (isThere) remove(context)
    return reply.simple('OK')
  }
  const record = services.values.store(database, argv.bytes, start, length)
  const kept = expiresAtMs > 0 ? database.setExpiry(record, expiresAtMs) : record
  setAccess(context, kept, options)
  context.signal(1, 'generic', 'restore')
  propagate(context, expiresAtMs, options)
  reply.simple('OK')
}

/** Undefined once the error is written. */
function readOptions({ argv, reply }: CommandContext): RestoreOptions | undefined {
  const options = { replaces: false, isAbsolute: false, idleSeconds: UNSET, frequency: UNSET }
  for (let index = 4; index < argv.count; index += 1) {
    const hasMore = index + 1 < argv.count
    if (argv.is(index, 'REPLACE')) options.replaces = true
    else if (argv.is(index, 'ABSTTL')) options.isAbsolute = true
    else if (argv.is(index, 'IDLETIME') && hasMore && options.frequency === UNSET) {
      index += 1
      options.idleSeconds = integerArgument(argv, index)
      if (options.idleSeconds < 0) return refuse(reply, replyErrors.restoreIdleTime)
    } else if (argv.is(index, 'FREQ') && hasMore && options.idleSeconds === UNSET) {
      index += 1
      options.frequency = integerArgument(argv, index)
      const isOut = options.frequency < 0 || options.frequency > FREQUENCY_MAX
      if (isOut) return refuse(reply, replyErrors.restoreFrequency)
    } else return refuse(reply, replyErrors.syntax)
    const isNumber = !Number.isNaN(options.idleSeconds) && !Number.isNaN(options.frequency)
    if (!isNumber) return refuse(reply, replyErrors.notInteger)
  }
  return options
}

function refuse(reply: CommandContext['reply'], text: string): undefined {
  reply.error(text)
}

/** What was to be restored is due already. */
function remove(context: CommandContext): void {
  const { argv, database } = context
  database.delete(argv.bytes, argv.start(1), argv.length(1))
  context.signal(1, 'generic', 'del')
  context.changedAs('DEL', argv.view(1))
}

function setAccess(
  { database, keyspace }: CommandContext,
  record: Handle,
  options: RestoreOptions,
): void {
  const isLfu = keyspace.access.settings.mode === 'lfu'
  if (isLfu && options.frequency !== UNSET) database.setFrequency(record, options.frequency)
  if (!isLfu && options.idleSeconds !== UNSET) database.setIdleSeconds(record, options.idleSeconds)
}

/** The instant, in place of a span of time. */
function propagate(
  context: CommandContext,
  expiresAtMs: number,
  { isAbsolute }: RestoreOptions,
): void {
  if (expiresAtMs === 0 || isAbsolute || !context.isPropagating) return context.changed()
  const { argv } = context
  const effect: (Uint8Array | number | string)[] = []
  for (let index = 0; index < argv.count; index += 1) effect.push(argv.view(index))
  effect[2] = expiresAtMs
  context.changedAs(...effect, 'ABSTTL')
}
