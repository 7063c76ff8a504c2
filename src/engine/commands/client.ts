import { integerArgument } from '../execution/arguments.ts'
import { millisecondsToDeadline } from '../execution/block-timeout.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors, subcommandSyntax, unknownClientType } from '../protocol/reply-errors.ts'
import { clientTypeOf, describeClient, isClientType } from './client-description.ts'
import { CLIENT_HELP } from './client-help.ts'
import { clientKill } from './client-kill.ts'
import {
  clientCaching,
  clientGetredir,
  clientTracking,
  clientTrackinginfo,
} from './client-tracking.ts'
import { replyWithHelp } from './help.ts'

const CLIENT_NAME = /^[!-~]*$/

/** Whether a client may call itself that: it stands in lines of CLIENT LIST. */
export function isClientName(name: string): boolean {
  return CLIENT_NAME.test(name)
}

export const clientCommands: readonly CommandSpec[] = [
  {
    name: 'client',
    group: 'connection',
    since: '2.4.0',
    summary: 'A container for client connection commands',
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: 'caching',
        group: 'connection',
        since: '6.0.0',
        summary: 'Instruct the server about tracking or not keys in the next request',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        run: clientCaching,
      },
      {
        name: 'getname',
        group: 'connection',
        since: '2.6.9',
        summary: 'Get the current connection name',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        run: clientGetname,
      },
      {
        name: 'getredir',
        group: 'connection',
        since: '6.0.0',
        summary: 'Get tracking notifications redirection client ID if any',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        run: clientGetredir,
      },
      {
        name: 'help',
        group: 'connection',
        since: '5.0.0',
        summary: 'Show helpful text about the different subcommands',
        arity: 2,
        flags: ['loading', 'stale'],
        run: clientHelp,
      },
      {
        name: 'id',
        group: 'connection',
        since: '5.0.0',
        summary: 'Returns the client ID for the current connection',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        run: clientId,
      },
      {
        name: 'info',
        group: 'connection',
        since: '6.2.0',
        summary: 'Returns information about the current client connection.',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output'],
        run: clientInfo,
      },
      {
        name: 'kill',
        group: 'connection',
        since: '2.4.0',
        summary: 'Kill the connection of a client',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        run: clientKill,
      },
      {
        name: 'list',
        group: 'connection',
        since: '2.4.0',
        summary: 'Get the list of client connections',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output'],
        run: clientList,
      },
      {
        name: 'no-evict',
        group: 'connection',
        since: '7.0.0',
        summary: 'Set client eviction mode for the current connection',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        run: clientNoEvict,
      },
      {
        name: 'pause',
        group: 'connection',
        since: '2.9.50',
        summary: 'Stop processing commands from clients for some time',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        run: clientPause,
      },
      {
        name: 'reply',
        group: 'connection',
        since: '3.2.0',
        summary: 'Instruct the server whether to reply to commands',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        run: clientReply,
      },
      {
        name: 'setname',
        group: 'connection',
        since: '2.6.9',
        summary: 'Set the current connection name',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        run: clientSetname,
      },
      {
        name: 'tracking',
        group: 'connection',
        since: '6.0.0',
        summary: 'Enable or disable server assisted client side caching support',
        arity: -3,
        flags: ['noscript', 'loading', 'stale'],
        run: clientTracking,
      },
      {
        name: 'trackinginfo',
        group: 'connection',
        since: '6.2.0',
        summary:
          'Return information about server assisted client side caching for the current connection',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        run: clientTrackinginfo,
      },
      {
        name: 'unblock',
        group: 'connection',
        since: '5.0.0',
        summary: 'Unblock a client blocked in a blocking command from a different connection',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        run: clientUnblock,
      },
      {
        name: 'unpause',
        group: 'connection',
        since: '6.2.0',
        summary: 'Resume processing of clients that were paused',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        run: clientUnpause,
      },
    ],
    run: () => undefined,
  },
]

function clientId({ client, reply }: CommandContext): void {
  reply.integer(client.id)
}

function clientGetname({ client, reply }: CommandContext): void {
  if (client.name === '') reply.null()
  else reply.text(client.name)
}

function clientSetname({ argv, client, reply }: CommandContext): void {
  const name = argv.latin1(2)
  if (!isClientName(name)) return reply.error(replyErrors.clientNameInvalid)
  client.name = name
  reply.simple('OK')
}

function clientInfo(context: CommandContext): void {
  context.reply.verbatim(`${describeClient(context, context.client)}\n`)
}

function clientList(context: CommandContext): void {
  const { argv, reply, services } = context
  if (argv.count > 3 && argv.is(2, 'ID')) return listById(context)
  let type: string | undefined
  if (argv.count === 4 && argv.is(2, 'TYPE')) {
    type = argv.latin1(3).toLowerCase()
    if (!isClientType(type)) return reply.error(unknownClientType(argv.latin1(3)))
    if (type === 'replica') type = 'slave'
  } else if (argv.count !== 2) return reply.error(replyErrors.syntax)
  const lines: string[] = []
  for (const client of services.clients) {
    if (client.isEmbedded || (type !== undefined && clientTypeOf(client) !== type)) continue
    lines.push(`${describeClient(context, client)}\n`)
  }
  reply.verbatim(lines.join(''))
}

function listById(context: CommandContext): void {
  const { argv, reply, services } = context
  const lines: string[] = []
  for (let index = 3; index < argv.count; index += 1) {
    const id = integerArgument(argv, index)
    if (Number.isNaN(id)) return reply.error(replyErrors.clientIdInvalid)
    const client = services.clients.find(id)
    if (client !== undefined) lines.push(`${describeClient(context, client)}\n`)
  }
  reply.verbatim(lines.join(''))
}

function clientReply({ argv, client, reply }: CommandContext): void {
  if (argv.is(2, 'ON')) {
    client.setReplyMode('on')
    reply.simple('OK')
  } else if (argv.is(2, 'OFF')) client.setReplyMode('off')
  else if (!argv.is(2, 'SKIP')) reply.error(replyErrors.syntax)
  else if (client.replyMode !== 'off') client.setReplyMode('skipNext')
}

function clientNoEvict({ argv, client, reply, services }: CommandContext): void {
  const isOn = argv.is(2, 'ON')
  if (!isOn && !argv.is(2, 'OFF')) return reply.error(replyErrors.syntax)
  client.isKeptFromEviction = isOn
  services.clientMemory.update(client)
  reply.simple('OK')
}

function clientPause(context: CommandContext): void {
  const { argv, reply, services } = context
  if (argv.count > 4) return reply.error(subcommandSyntax('CLIENT', argv.latin1(1)))
  const isWrite = argv.count === 4 && argv.is(3, 'WRITE')
  if (argv.count === 4 && !isWrite && !argv.is(3, 'ALL')) return reply.error(replyErrors.pauseMode)
  const endsAtMs = millisecondsToDeadline(context, 2)
  if (endsAtMs === undefined) return
  services.pause.start(isWrite ? 'write' : 'all', endsAtMs)
  reply.simple('OK')
}

function clientUnpause({ reply, services }: CommandContext): void {
  services.pause.end()
  reply.simple('OK')
}

function clientUnblock({ argv, reply, services }: CommandContext): void {
  if (argv.count > 4) return reply.error(subcommandSyntax('CLIENT', argv.latin1(1)))
  const isError = argv.count === 4 && argv.is(3, 'ERROR')
  if (argv.count === 4 && !isError && !argv.is(3, 'TIMEOUT')) {
    return reply.error(replyErrors.unblockReason)
  }
  const id = integerArgument(argv, 2)
  if (Number.isNaN(id)) return reply.error(replyErrors.notInteger)
  const target = services.clients.find(id)
  const isUnblocked =
    target !== undefined &&
    services.blocking.unblock(target, isError ? replyErrors.unblocked : undefined)
  reply.integer(isUnblocked ? 1 : 0)
}

function clientHelp(context: CommandContext): void {
  replyWithHelp(context, 'CLIENT', CLIENT_HELP)
}
