import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { NO_EXPIRY } from '../keyspace/database.ts'
import { protectedCommand, replyErrors, subcommandSyntax } from '../protocol/reply-errors.ts'
import { parseMemory } from '../runtime-config/simple-types.ts'
import { PLAIN_BYTES_MIN } from '../structures/quicklist.ts'
import { debugDigest, debugDigestValue } from './debug-digest.ts'
import { DEBUG_HELP } from './debug-help.ts'
import { debugHtstats, debugHtstatsKey, debugListpack, debugObject } from './debug-object.ts'
import { debugProtocol } from './debug-protocol.ts'
import { replyWithHelp } from './help.ts'
import { debugLoadAof, debugReload } from './persistence.ts'
import { isAllowed } from './protected-action.ts'

/** quicklist.c: what QUICKLIST-PACKED-THRESHOLD takes at most. */
const PLAIN_BYTES_MIN_MAX = 2n ** 32n - 2n ** 20n

/** POPULATE without a limit would hold the process for as long as anybody likes. */
const POPULATE_MAX = 50_000_000

export const debugCommands: readonly CommandSpec[] = [
  {
    name: 'debug',
    group: 'server',
    since: '1.0.0',
    summary: 'A container for debugging commands',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'protected'],
    run: debug,
  },
]

/** One subcommand: how many arguments it takes with its names, and what it does. */
type Subcommand = readonly [
  argumentsMin: number,
  argumentsMax: number,
  run: (context: CommandContext) => void,
]

/** Redis' table has no subcommands of DEBUG: they are found here. */
const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  ['HELP', [2, 2, (context) => replyWithHelp(context, 'DEBUG', DEBUG_HELP)]],
  ['SLEEP', [3, 3, sleep]],
  ['SET-ACTIVE-EXPIRE', [3, 3, setActiveExpire]],
  ['SET-DISABLE-DENY-SCRIPTS', [3, 3, setDisableDenyScripts]],
  ['PAUSE-CRON', [3, 3, pauseCron]],
  ['AOF-FLUSH-SLEEP', [3, 3, setLogWriteDelay]],
  ['SET-SKIP-CHECKSUM-VALIDATION', [3, 3, setSkipChecksumValidation]],
  ['POPULATE', [3, 5, populate]],
  ['RELOAD', [2, Number.POSITIVE_INFINITY, debugReload]],
  ['LOADAOF', [2, 2, debugLoadAof]],
  ['ERROR', [3, 3, ({ argv, reply }) => reply.error(argv.latin1(2))]],
  ['LOG', [3, 3, log]],
  ['PROTOCOL', [3, 3, debugProtocol]],
  ['DIGEST', [2, 2, debugDigest]],
  ['DIGEST-VALUE', [2, Number.POSITIVE_INFINITY, debugDigestValue]],
  ['OBJECT', [3, 3, debugObject]],
  ['LISTPACK', [3, 3, debugListpack]],
  ['HTSTATS', [3, 3, debugHtstats]],
  ['HTSTATS-KEY', [3, 3, debugHtstatsKey]],
  ['CHANGE-REPL-ID', [2, 2, changeReplicationId]],
  ['REPLICATE', [3, Number.POSITIVE_INFINITY, replicate]],
  ['QUICKLIST-PACKED-THRESHOLD', [3, 3, setPackedThreshold]],
  ['REPLYBUFFER', [4, 4, replyBuffer]],
  ['CONFIG-REWRITE-FORCE-ALL', [2, 2, rewriteWholeConfig]],
])

function debug(context: CommandContext): void {
  const { argv, reply } = context
  if (!isAllowed(context, 'enable-debug-command')) {
    return reply.error(protectedCommand('DEBUG', 'enable-debug-command'))
  }
  const [argumentsMin, argumentsMax, run] = SUBCOMMANDS.get(argv.latin1(1).toUpperCase()) ?? []
  const fits = argv.count >= (argumentsMin ?? 0) && argv.count <= (argumentsMax ?? 0)
  if (run === undefined || !fits) reply.error(subcommandSyntax('DEBUG', argv.latin1(1)))
  else run(context)
}

/** Stops the whole process. */
function sleep({ argv, reply }: CommandContext): void {
  const ms = Number.parseFloat(argv.latin1(2)) * 1_000
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  reply.simple('OK')
}

function setActiveExpire(context: CommandContext): void {
  context.services.debug.isExpiryOff = !isOn(context)
  context.reply.simple('OK')
}

function setDisableDenyScripts(context: CommandContext): void {
  context.services.debug.allowsAllInScripts = isOn(context)
  context.reply.simple('OK')
}

function setSkipChecksumValidation(context: CommandContext): void {
  context.services.debug.skipsChecksums = isOn(context)
  context.reply.simple('OK')
}

function pauseCron(context: CommandContext): void {
  context.services.debug.isCyclePaused = isOn(context)
  context.reply.simple('OK')
}

function setLogWriteDelay(context: CommandContext): void {
  context.services.debug.logWriteDelayUsec = numberOf(context)
  context.reply.simple('OK')
}

function isOn(context: CommandContext): boolean {
  return numberOf(context) !== 0
}

/** As atoi: what is no number is 0. */
function numberOf({ argv }: CommandContext): number {
  return Number.parseInt(argv.latin1(2), 10) || 0
}

function populate({ argv, client, database, keyspace, reply }: CommandContext): void {
  const count = integerArgument(argv, 2)
  const length = argv.count === 5 ? integerArgument(argv, 4) : 0
  if (!(count >= 0 && count <= POPULATE_MAX && length >= 0)) {
    return reply.error(replyErrors.notPositive)
  }
  const prefix = argv.count > 3 ? argv.latin1(3) : 'key'
  for (let index = 0; index < count; index += 1) {
    const key = Buffer.from(`${prefix}:${index}`, 'latin1')
    if (database.peek(key, 0, key.length) !== 0) continue
    const text = Buffer.from(`value:${index}`)
    const value = length === 0 ? text : Buffer.concat([text.subarray(0, length)], length)
    database.setString(key, 0, key.length, value, 0, value.length, NO_EXPIRY)
    keyspace.events.modified(client.databaseIndex, key, 0, key.length)
  }
  reply.simple('OK')
}

function log({ argv, reply, services }: CommandContext): void {
  services.log.warn({}, `DEBUG LOG: ${argv.utf8(2)}`)
  reply.simple('OK')
}

/** From so many bytes on, elements of lists get nodes of their own; 0 for the default. */
function setPackedThreshold({ argv, reply, structures }: CommandContext): void {
  const bytes = parseMemory(argv.latin1(2))
  if (bytes === undefined || bytes > PLAIN_BYTES_MIN_MAX) {
    return reply.error(replyErrors.packedThreshold)
  }
  structures.lists.plainBytesMin = bytes === 0n ? PLAIN_BYTES_MIN : Number(bytes)
  reply.simple('OK')
}

function changeReplicationId({ reply, services }: CommandContext): void {
  services.replication.changeId()
  reply.simple('OK')
}

/** What replicas get, and nobody runs here. */
function replicate({ argv, reply, services }: CommandContext): void {
  const parts: Uint8Array[] = []
  for (let at = 2; at < argv.count; at += 1) parts.push(argv.view(at))
  services.replication.replicate(parts)
  reply.simple('OK')
}

/** Replies share one buffer, which needs no resizing per client: the settings are taken and change nothing. */
function replyBuffer({ argv, reply }: CommandContext): void {
  const isPeak = argv.is(2, 'PEAK-RESET-TIME')
  if (!isPeak && !argv.is(2, 'RESIZING')) {
    return reply.error(subcommandSyntax('DEBUG', argv.latin1(1)))
  }
  const isWord = argv.is(3, 'NEVER') || argv.is(3, 'RESET')
  if (isPeak && !isWord && Number.isNaN(integerArgument(argv, 3))) {
    return reply.error(replyErrors.notInteger)
  }
  reply.simple('OK')
}

/** CONFIG REWRITE with a line for every directive. */
function rewriteWholeConfig({ reply, services }: CommandContext): void {
  const error = services.rewriteConfig(true)
  if (error === undefined) reply.simple('OK')
  else reply.error(error)
}
