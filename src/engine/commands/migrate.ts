import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { migrateKeys } from '../execution/key-extractors.ts'
import { keyAt, keysAfter } from '../execution/key-spec.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

const TIMEOUT_MS_DEFAULT = 1_000
const OPTIONS_AT = 6

export const migrateCommands: readonly CommandSpec[] = [
  {
    name: 'migrate',
    group: 'generic',
    since: '2.6.0',
    summary: 'Atomically transfer a key from a Redis instance to another one.',
    arity: -6,
    flags: ['write'],
    categories: ['keyspace', 'dangerous'],
    keySpecs: [
      keyAt(3, 'RW', 'access', 'delete'),
      keysAfter({ keyword: 'KEYS', startFrom: -2 }, 'RW', 'access', 'delete', 'incomplete'),
    ],
    extractKeys: migrateKeys,
    tips: ['nondeterministic_output'],
    run: migrate,
  },
]

interface MigrateOptions {
  copies: boolean
  replaces: boolean
  credentials: Buffer[]
  readonly redacted: number[]
  firstKey: number
  keyCount: number
}

function migrate(context: CommandContext): void {
  const { argv, reply, services } = context
  const options = readOptions(context)
  if (options === undefined) return
  const timeoutMs = integerArgument(argv, 5)
  const databaseIndex = integerArgument(argv, 4)
  if (Number.isNaN(timeoutMs) || Number.isNaN(databaseIndex)) {
    return reply.error(replyErrors.notInteger)
  }
  const keys = findKeys(context, options)
  if (keys.length === 0) return reply.simple('NOKEY')
  const { copies, credentials, redacted, replaces } = options
  services.migration.begin(context, {
    host: argv.latin1(1),
    port: Number.parseInt(argv.latin1(2), 10),
    databaseIndex,
    timeoutMs: timeoutMs <= 0 ? TIMEOUT_MS_DEFAULT : timeoutMs,
    copies,
    replaces,
    credentials,
    redacted,
    keys,
  })
}

/** Undefined once the error is written. */
function readOptions(context: CommandContext): MigrateOptions | undefined {
  const { argv, reply } = context
  const options: MigrateOptions = {
    copies: false,
    replaces: false,
    credentials: [],
    redacted: [],
    firstKey: 3,
    keyCount: 1,
  }
  for (let index = OPTIONS_AT; index < argv.count; index += 1) {
    const following = argv.count - index - 1
    if (argv.is(index, 'COPY')) options.copies = true
    else if (argv.is(index, 'REPLACE')) options.replaces = true
    else if (argv.is(index, 'AUTH') && following >= 1) {
      readCredentials(context, options, { index, count: 1 })
      index += 1
    } else if (argv.is(index, 'AUTH2') && following >= 2) {
      readCredentials(context, options, { index, count: 2 })
      index += 2
    } else if (argv.is(index, 'KEYS')) {
      if (argv.length(3) > 0) return refuse(reply, replyErrors.migrateKeys)
      options.firstKey = index + 1
      options.keyCount = following
      return options
    } else return refuse(reply, replyErrors.syntax)
  }
  return options
}

/** They are secrets: of the target. */
function readCredentials(
  context: CommandContext,
  options: MigrateOptions,
  { index, count }: { readonly index: number; readonly count: number },
): void {
  options.credentials = []
  for (let at = index + 1; at <= index + count; at += 1) {
    context.redact(at)
    options.redacted.push(at)
    options.credentials.push(Buffer.from(context.argv.view(at)))
  }
}

function refuse(reply: CommandContext['reply'], text: string): undefined {
  reply.error(text)
}

/** Copies of the names of those that are there. */
function findKeys(
  { argv, database }: CommandContext,
  { firstKey, keyCount }: MigrateOptions,
): Buffer[] {
  const keys: Buffer[] = []
  for (let index = firstKey; index < firstKey + keyCount; index += 1) {
    const isThere = database.find(argv.bytes, argv.start(index), argv.length(index)) !== 0
    if (isThere) keys.push(Buffer.from(argv.view(index)))
  }
  return keys
}
