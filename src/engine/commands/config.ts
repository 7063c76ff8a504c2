import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { configSetFailed, replyErrors } from '../protocol/reply-errors.ts'
import { replyWithHelp } from './help.ts'
import { isAllowed } from './protected-action.ts'

/** Those that the server itself sets back. */
const LISTENING_DIRECTIVES = new Set(['port', 'tls-port', 'bind'])

type ConfigPairs = readonly (readonly [name: string, value: string])[]

export const configCommands: readonly CommandSpec[] = [
  {
    name: 'config',
    group: 'server',
    since: '2.0.0',
    summary: 'A container for server configuration commands',
    arity: -2,
    flags: [],
    subcommands: [
      subcommand('get', 'Get the values of configuration parameters', -3, configGet),
      {
        ...subcommand('set', 'Set configuration parameters to the given values', -4, configSet),
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
      },
      subcommand('resetstat', 'Reset the stats returned by INFO', 2, configResetstat),
      {
        ...subcommand(
          'rewrite',
          'Rewrite the configuration file with the in memory configuration',
          2,
          configRewrite,
        ),
        since: '2.8.0',
      },
      {
        name: 'help',
        group: 'server',
        since: '5.0.0',
        summary: 'Show helpful text about the different subcommands',
        arity: 2,
        flags: ['loading', 'stale'],
        run: configHelp,
      },
    ],
    run: () => undefined,
  },
]

function configGet({ argv, reply, services }: CommandContext): void {
  const globs: string[] = []
  for (let index = 2; index < argv.count; index += 1) globs.push(argv.latin1(index))
  const found = services.config.get(globs)
  reply.map(found.length)
  for (const [name, value] of found) {
    reply.text(name)
    reply.text(value)
  }
}

function configSet(context: CommandContext): void {
  const { argv, client, reply, services } = context
  if (argv.count % 2 !== 0) return reply.error(replyErrors.syntax)
  const pairs: (readonly [string, string])[] = []
  for (let index = 2; index < argv.count; index += 2) {
    pairs.push([argv.utf8(index), argv.utf8(index + 1)])
    if (services.config.isSensitive(argv.latin1(index))) context.redact(index + 1)
  }
  const mayChangeProtected = isAllowed(context, 'enable-protected-configs')
  const before = services.config.get(pairs.map(([name]) => name))
  const error = services.config.set(pairs, {
    mayChangeProtected,
    isLoading: services.persistence.isLoading || services.replication.loadingKind !== 'none',
  })
  if (error !== undefined) reply.error(error)
  else if (!services.listening.isChanged || client.deniesBlocking) reply.simple('OK')
  else listenElsewhere(context, before)
}

/** The server tells a turn later whether it could: if not, everything is as it was before. */
function listenElsewhere(context: CommandContext, before: ConfigPairs): void {
  const { argv, client, services } = context
  const { blocking, config, listening } = services
  const waiter = blocking.waitFor(client, argv, {
    deadlineMs: 0,
    timedOut: (reply) => reply.simple('OK'),
  })
  listening.apply((failure) =>
    blocking.finish(waiter, ({ reply }) => {
      if (failure === undefined) reply.simple('OK')
      else {
        config.set(before.filter(([name]) => !LISTENING_DIRECTIVES.has(name)))
        reply.error(configSetFailed(failure.directive, failure.reason))
      }
      return true
    }),
  )
}

function configResetstat({ reply, services }: CommandContext): void {
  services.resetStatistics()
  reply.simple('OK')
}

function configRewrite({ reply, services }: CommandContext): void {
  const error = services.rewriteConfig()
  if (error === undefined) reply.simple('OK')
  else reply.error(error)
}

function configHelp(context: CommandContext): void {
  replyWithHelp(context, 'CONFIG', [
    'GET <pattern>',
    '    Return parameters matching the glob-like <pattern> and their values.',
    'SET <directive> <value>',
    '    Set the configuration <directive> to <value>.',
    'RESETSTAT',
    '    Reset statistics reported by the INFO command.',
    'REWRITE',
    '    Rewrite the configuration file.',
  ])
}

function subcommand(
  name: string,
  summary: string,
  arity: number,
  run: (context: CommandContext) => void,
): CommandSpec {
  const flags = ['admin', 'noscript', 'loading', 'stale'] as const
  return { name, group: 'server', since: '2.0.0', summary, arity, flags, run }
}
