import type { CommandFlag, CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { protectedCommand, replyErrors } from '../protocol/reply-errors.ts'
import { replyWithHelp } from './help.ts'
import { isAllowed } from './protected-action.ts'

const LOADING_FLAGS = ['admin', 'noscript', 'no_async_loading', 'protected'] as const

/** Modules are written in C: there are none, and none can be loaded. */
export const moduleCommands: readonly CommandSpec[] = [
  {
    name: 'module',
    group: 'server',
    since: '4.0.0',
    summary: 'A container for module commands',
    arity: -2,
    flags: [],
    subcommands: [
      subcommand('load', -3, 'Load a module', LOADING_FLAGS, load),
      {
        ...subcommand('loadex', -3, 'Load a module with extended parameters', LOADING_FLAGS, load),
        since: '7.0.0',
      },
      subcommand('unload', 3, 'Unload a module', LOADING_FLAGS, unload),
      {
        ...subcommand(
          'list',
          2,
          'List all modules loaded by the server',
          ['admin', 'noscript'],
          ({ reply }) => reply.array(0),
        ),
        tips: ['nondeterministic_output_order'],
      },
      {
        ...subcommand(
          'help',
          2,
          'Show helpful text about the different subcommands',
          ['loading', 'stale'],
          help,
        ),
        since: '5.0.0',
      },
    ],
    run: () => undefined,
  },
]

function subcommand(
  name: string,
  arity: number,
  summary: string,
  flags: readonly CommandFlag[],
  run: (context: CommandContext) => void,
): CommandSpec {
  return { name, group: 'server', since: '4.0.0', summary, arity, flags, run }
}

function load(context: CommandContext): void {
  if (isRefused(context)) return
  context.reply.error(replyErrors.moduleNotLoaded)
}

function unload(context: CommandContext): void {
  if (isRefused(context)) return
  context.reply.error(replyErrors.moduleUnknown)
}

function isRefused(context: CommandContext): boolean {
  if (isAllowed(context, 'enable-module-command')) return false
  context.reply.error(protectedCommand('MODULE', 'enable-module-command'))
  return true
}

function help(context: CommandContext): void {
  replyWithHelp(context, 'MODULE', [
    'LIST',
    '    Return a list of loaded modules.',
    'LOAD <path> [<arg> ...]',
    '    Load a module library from <path>, passing to it any optional arguments.',
    'LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]',
    '    Load a module library from <path>, while passing it module configurations and optional arguments.',
    'UNLOAD <name>',
    '    Unload a module.',
  ])
}
