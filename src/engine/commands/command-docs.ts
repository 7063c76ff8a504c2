import { matchesGlob } from '../../shared/glob.ts'
import type { Command, CommandFlag, CommandSpec } from '../execution/command.ts'
import { findKeys, KeyPositions, mayHaveKeys } from '../execution/command-keys.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { replyWithCommand } from './command-info.ts'
import { replyWithDocs } from './docs/reply-with-docs.ts'
import { replyWithHelp } from './help.ts'

const CATEGORIES = ['connection']
const ORDER_TIP = ['nondeterministic_output_order']

export const commandDocsCommands: readonly CommandSpec[] = [
  {
    name: 'command',
    group: 'server',
    since: '2.8.13',
    summary: 'Get array of Redis command details',
    arity: -1,
    flags: ['loading', 'stale'],
    categories: CATEGORIES,
    tips: ORDER_TIP,
    subcommands: [
      {
        ...subcommand('count', '2.8.13', 'Get total number of Redis commands', 2),
        run: ({ reply, services }) => reply.integer(services.commands.commands.length),
      },
      {
        ...subcommand('docs', '7.0.0', 'Get array of specific Redis command documentation', -2),
        tips: ORDER_TIP,
        run: commandDocs,
      },
      {
        ...subcommand('getkeys', '2.8.13', 'Extract keys given a full Redis command', -4),
        run: (context) => commandGetkeys(context, false),
      },
      {
        ...subcommand(
          'getkeysandflags',
          '7.0.0',
          'Extract keys and access flags given a full Redis command',
          -4,
        ),
        run: (context) => commandGetkeys(context, true),
      },
      {
        ...subcommand('help', '5.0.0', 'Show helpful text about the different subcommands', 2),
        run: commandHelp,
      },
      {
        ...subcommand(
          'info',
          '2.8.13',
          'Get array of specific Redis command details, or all when no argument is given.',
          -2,
        ),
        tips: ORDER_TIP,
        run: commandInfo,
      },
      {
        ...subcommand('list', '7.0.0', 'Get an array of Redis command names', -2),
        tips: ORDER_TIP,
        run: commandList,
      },
    ],
    run: tellAll,
  },
]

function subcommand(
  name: string,
  since: string,
  summary: string,
  arity: number,
): Omit<CommandSpec, 'run'> {
  const flags: readonly CommandFlag[] = ['loading', 'stale']
  return { name, group: 'server', since, summary, arity, flags, categories: CATEGORIES }
}

function tellAll({ reply, services }: CommandContext): void {
  const { commands } = services.commands
  reply.array(commands.length)
  for (const each of commands) replyWithCommand(reply, each)
}

function commandInfo(context: CommandContext): void {
  const { argv, reply, services } = context
  if (argv.count === 2) return tellAll(context)
  reply.array(argv.count - 2)
  for (let index = 2; index < argv.count; index += 1) {
    const found = services.commands.findByName(argv.latin1(index))
    if (found === undefined) reply.null()
    else replyWithCommand(reply, found)
  }
}

function commandDocs({ argv, reply, services }: CommandContext): void {
  const asked: Command[] = []
  for (let index = 2; index < argv.count; index += 1) {
    const found = services.commands.findByName(argv.latin1(index))
    if (found !== undefined) asked.push(found)
  }
  const told = argv.count === 2 ? services.commands.commands : asked
  reply.map(told.length)
  for (const each of told) {
    reply.text(each.fullName)
    replyWithDocs(reply, each)
  }
}

type CommandFilter = (command: Command) => boolean

function commandList(context: CommandContext): void {
  const filter = readFilter(context)
  if (filter === undefined) return context.reply.error(replyErrors.syntax)
  const found = context.services.commands.commands
    .flatMap((command) => [command, ...command.subcommands])
    .filter(filter)
  context.reply.array(found.length)
  for (const { fullName } of found) context.reply.text(fullName)
}

/** `undefined` for what is no filter. */
function readFilter({ argv }: CommandContext): CommandFilter | undefined {
  if (argv.count === 2) return () => true
  if (argv.count !== 5 || !argv.is(2, 'FILTERBY')) return undefined
  const value = argv.latin1(4)
  // There are no modules, so none has commands.
  if (argv.is(3, 'MODULE')) return () => false
  if (argv.is(3, 'ACLCAT')) return ({ categories }) => categories.includes(value.toLowerCase())
  if (!argv.is(3, 'PATTERN')) return undefined
  return ({ fullName }) => matchesGlob(value.toLowerCase(), fullName)
}

/** One for the engine's life would do; COMMAND GETKEYS is rare. */
function commandGetkeys({ argv, reply, services }: CommandContext, tellsFlags: boolean): void {
  const command = services.commands.find(argv, 2)
  if (command === undefined) return reply.error(replyErrors.invalidCommand)
  if (!mayHaveKeys(command)) return reply.error(replyErrors.noKeysInCommand)
  if (!command.acceptsCount(argv.count - 2)) return reply.error(replyErrors.invalidArgumentCount)
  const keys = new KeyPositions()
  findKeys(command, { argv, offset: 2 }, keys)
  if (keys.count === 0 && !command.spec.flags.includes('no_mandatory_keys')) {
    return reply.error(replyErrors.invalidArguments)
  }
  reply.array(keys.count)
  for (let index = 0; index < keys.count; index += 1) {
    const position = keys.position(index)
    if (tellsFlags) reply.array(2)
    reply.bulk(argv.bytes, argv.start(position), argv.length(position))
    if (!tellsFlags) continue
    const flags = keys.flags(index)
    reply.set(flags.length)
    for (const flag of flags) reply.simple(flag)
  }
}

function commandHelp(context: CommandContext): void {
  replyWithHelp(context, 'COMMAND', [
    '(no subcommand)',
    '    Return details about all Redis commands.',
    'COUNT',
    '    Return the total number of commands in this Redis server.',
    'LIST',
    '    Return a list of all commands in this Redis server.',
    'INFO [<command-name> ...]',
    '    Return details about multiple Redis commands.',
    '    If no command names are given, documentation details for all',
    '    commands are returned.',
    'DOCS [<command-name> ...]',
    '    Return documentation details about multiple Redis commands.',
    '    If no command names are given, documentation details for all',
    '    commands are returned.',
    'GETKEYS <full-command>',
    '    Return the keys from a full Redis command.',
    'GETKEYSANDFLAGS <full-command>',
    '    Return the keys and the access flags from a full Redis command.',
  ])
}
