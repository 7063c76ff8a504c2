import { randomBytes } from 'node:crypto'
import { integerArgument } from '../execution/arguments.ts'
import { ACL_CATEGORIES, type CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import {
  replyErrors,
  unknownCategory,
  userNotFound,
  wouldBeRefused,
  wrongArity,
  wrongSubcommand,
} from '../protocol/reply-errors.ts'
import { replyWithLog, replyWithUser } from './acl-replies.ts'
import { replyWithHelp } from './help.ts'
import { replyLatin1 } from './reply-latin1.ts'

const ADMIN_FLAGS = ['admin', 'noscript', 'loading', 'stale'] as const
const FLAGS = ['noscript', 'loading', 'stale'] as const

const PASSWORD_BITS = 256
const PASSWORD_BITS_MAX = 4_096
const LOG_ENTRIES = 10
/** Where ACL DRYRUN has the command it tries out. */
const COMMAND_AT = 3
/** What cannot be in the name of a user: C's spaces and the zero byte. */
const SPACE = /[ \t\n\v\f\r\0]/

export const aclCommands: readonly CommandSpec[] = [
  {
    name: 'acl',
    group: 'server',
    since: '6.0.0',
    summary: 'A container for Access List Control commands ',
    arity: -2,
    flags: [],
    subcommands: [
      {
        ...subcommand('cat', -2, cat),
        summary: 'List the ACL categories or the commands inside a category',
        flags: FLAGS,
      },
      {
        ...subcommand('deluser', -3, deluser),
        summary: 'Remove the specified ACL users and the associated rules',
      },
      {
        ...subcommand('dryrun', -4, dryrun),
        since: '7.0.0',
        summary:
          'Returns whether the user can execute the given command without executing the command.',
      },
      {
        ...subcommand('genpass', -2, genpass),
        summary: 'Generate a pseudorandom secure password to use for ACL users',
        flags: FLAGS,
      },
      {
        ...subcommand('getuser', 3, getuser),
        summary: 'Get the rules for a specific ACL user',
      },
      {
        ...subcommand('help', 2, help),
        summary: 'Show helpful text about the different subcommands',
        flags: ['loading', 'stale'],
      },
      {
        ...subcommand('list', 2, list),
        summary: 'List the current ACL rules in ACL config file format',
      },
      { ...subcommand('load', 2, load), summary: 'Reload the ACLs from the configured ACL file' },
      {
        ...subcommand('log', -2, log),
        summary: 'List latest events denied because of ACLs in place',
      },
      {
        ...subcommand('save', 2, save),
        summary: 'Save the current ACL rules in the configured ACL file',
      },
      {
        ...subcommand('setuser', -3, setuser),
        summary: 'Modify or create the rules for a specific ACL user',
      },
      {
        ...subcommand('users', 2, users),
        summary: 'List the username of all the configured ACL rules',
      },
      {
        ...subcommand('whoami', 2, whoami),
        summary: 'Return the name of the user associated to the current connection',
        flags: FLAGS,
      },
    ],
    run: () => undefined,
  },
]

function subcommand(
  name: string,
  arity: number,
  run: (context: CommandContext) => void,
): Omit<CommandSpec, 'summary'> {
  return { name, group: 'server', since: '6.0.0', arity, flags: ADMIN_FLAGS, run }
}

function whoami({ client, reply }: CommandContext): void {
  if (client.user === undefined) reply.null()
  else replyLatin1(reply, client.user.name)
}

function users({ reply, services }: CommandContext): void {
  const names = services.acl.userNames()
  reply.array(names.length)
  for (const name of names) replyLatin1(reply, name)
}

function list({ reply, services }: CommandContext): void {
  const lines = services.acl.userLines()
  reply.array(lines.length)
  for (const line of lines) replyLatin1(reply, `user ${line}`)
}

function getuser({ argv, reply, services }: CommandContext): void {
  const user = services.acl.describe(argv.latin1(2))
  if (user === undefined) reply.null()
  else replyWithUser(reply, user)
}

function setuser(context: CommandContext): void {
  const { argv, client, reply, services } = context
  const rules: string[] = []
  for (let index = 2; index < argv.count; index += 1) {
    context.redact(index)
    if (index > 2) rules.push(argv.latin1(index))
  }
  const name = argv.latin1(2)
  if (SPACE.test(name)) return reply.error(replyErrors.userNameInvalid)
  const error = services.acl.setUser(name, rules, client)
  if (error === undefined) reply.simple('OK')
  else reply.error(`ERR ${error}`)
}

function deluser({ argv, client, reply, services }: CommandContext): void {
  const names: string[] = []
  for (let index = 2; index < argv.count; index += 1) names.push(argv.latin1(index))
  if (names.includes('default')) return reply.error(replyErrors.defaultUserStays)
  reply.integer(services.acl.deleteUsers(names, client))
}

function cat({ argv, reply, services }: CommandContext): void {
  if (argv.count > 3) return reply.error(wrongSubcommand(argv.latin1(1), 'acl'))
  if (argv.count === 2) {
    reply.array(ACL_CATEGORIES.length)
    for (const category of ACL_CATEGORIES) reply.text(category)
    return
  }
  const asked = argv.latin1(2).toLowerCase()
  const category = ACL_CATEGORIES.find((name) => name === asked)
  if (category === undefined) return reply.error(unknownCategory(argv.latin1(2)))
  const names = services.commands.originals
    .flatMap((command) => [command, ...command.subcommands])
    .filter(({ categories }) => categories.includes(category))
    .map(({ fullName }) => fullName)
  reply.array(names.length)
  for (const name of names) reply.text(name)
}

function genpass({ argv, reply }: CommandContext): void {
  if (argv.count > 3) return reply.error(wrongSubcommand(argv.latin1(1), 'acl'))
  const bits = argv.count === 3 ? integerArgument(argv, 2) : PASSWORD_BITS
  if (Number.isNaN(bits)) return reply.error(replyErrors.notInteger)
  if (bits <= 0 || bits > PASSWORD_BITS_MAX) return reply.error(replyErrors.generatedPasswordBits)
  const digits = Math.ceil(bits / 4)
  const password = randomBytes(Math.ceil(digits / 2)).toString('hex')
  reply.text(password.slice(0, digits))
}

function log({ argv, nowMs, reply, services }: CommandContext): void {
  if (argv.count > 3) return reply.error(wrongSubcommand(argv.latin1(1), 'acl'))
  if (argv.count === 3 && argv.is(2, 'RESET')) {
    services.acl.clearLog()
    reply.simple('OK')
    return
  }
  const count = argv.count === 3 ? integerArgument(argv, 2) : LOG_ENTRIES
  if (Number.isNaN(count)) return reply.error(replyErrors.notInteger)
  replyWithLog(reply, services.acl.logEntries(Math.max(0, count)), nowMs)
}

function dryrun({ argv, reply, services }: CommandContext): void {
  const user = services.acl.find(argv.latin1(2))
  if (user === undefined) return reply.error(userNotFound(argv.latin1(2)))
  const command = services.commands.find(argv, COMMAND_AT)
  const count = argv.count - COMMAND_AT
  if (command === undefined || (command.subcommands.length > 0 && count > 1)) {
    return reply.error(`ERR Command '${argv.latin1(COMMAND_AT)}' not found`)
  }
  if (!command.acceptsCount(count)) return reply.error(wrongArity(command.fullName))
  const refusal = services.acl.tryOut(user, command, { argv, offset: COMMAND_AT })
  if (refusal === undefined) return reply.simple('OK')
  const { reason, argument } = refusal
  const what = reason === 'command' ? command.fullName : argv.latin1(argument)
  replyLatin1(reply, wouldBeRefused(reason, what))
}

function load({ client, reply, services }: CommandContext): void {
  if (services.config.value('aclfile') === '') return reply.error(replyErrors.noAclFile)
  const error = services.acl.load(client)
  if (error === undefined) reply.simple('OK')
  else reply.error(`ERR ${error}`)
}

function save({ reply, services }: CommandContext): void {
  if (services.config.value('aclfile') === '') return reply.error(replyErrors.noAclFile)
  const error = services.acl.save()
  if (error === undefined) reply.simple('OK')
  else reply.error(`ERR ${error}`)
}

function help(context: CommandContext): void {
  replyWithHelp(context, 'ACL', [
    'CAT [<category>]',
    '    List all commands that belong to <category>, or all command categories',
    '    when no category is specified.',
    'DELUSER <username> [<username> ...]',
    '    Delete a list of users.',
    'DRYRUN <username> <command> [<arg> ...]',
    '    Returns whether the user can execute the given command without executing the command.',
    'GETUSER <username>',
    "    Get the user's details.",
    'GENPASS [<bits>]',
    '    Generate a secure 256-bit user password. The optional `bits` argument can',
    '    be used to specify a different size.',
    'LIST',
    '    Show users details in config file format.',
    'LOAD',
    '    Reload users from the ACL file.',
    'LOG [<count> | RESET]',
    '    Show the ACL log entries.',
    'SAVE',
    '    Save the current config to the ACL file.',
    'SETUSER <username> <attribute> [<attribute> ...]',
    '    Create or modify a user with the specified attributes.',
    'USERS',
    '    List all the registered usernames.',
    'WHOAMI',
    '    Return the current connection username.',
  ])
}
