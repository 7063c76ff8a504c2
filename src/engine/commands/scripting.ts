import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

export const scriptingCommands: readonly CommandSpec[] = [
  {
    name: 'script',
    group: 'scripting',
    since: '2.6.0',
    summary: 'A container for Lua scripts management commands',
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: 'flush',
        group: 'scripting',
        since: '2.6.0',
        summary: 'Remove all the scripts from the script cache.',
        arity: -2,
        flags: ['noscript'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: (context) => flush(context, replyErrors.scriptFlushSyntax),
      },
    ],
    run: () => undefined,
  },
  {
    name: 'function',
    group: 'scripting',
    since: '7.0.0',
    summary: 'A container for function commands',
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: 'flush',
        group: 'scripting',
        since: '7.0.0',
        summary: 'Deleting all functions',
        arity: -2,
        flags: ['write', 'noscript'],
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        run: (context) => flush(context, replyErrors.functionFlushSyntax),
      },
    ],
    run: () => undefined,
  },
]

function flush({ argv, reply }: CommandContext, syntaxError: string): void {
  const isKnown =
    argv.count === 2 || (argv.count === 3 && (argv.is(2, 'SYNC') || argv.is(2, 'ASYNC')))
  if (isKnown) reply.simple('OK')
  else reply.error(syntaxError)
}
