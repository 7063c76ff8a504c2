import { integerArgument } from '../execution/arguments.ts'
import { CLIENT_STATE } from '../execution/client.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors, wrongArity } from '../protocol/reply-errors.ts'
import { ENGINE_VERSION } from '../version.ts'
import { isClientName } from './client.ts'
import { readDatabaseIndex } from './database-index.ts'

export const connectionCommands: readonly CommandSpec[] = [
  {
    name: 'ping',
    group: 'connection',
    since: '1.0.0',
    summary: 'Ping the server',
    arity: -1,
    flags: ['fast'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    run: ping,
  },
  {
    name: 'echo',
    group: 'connection',
    since: '1.0.0',
    summary: 'Echo the given string',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    run: ({ argv, reply }) => reply.bulk(argv.bytes, argv.start(1), argv.length(1)),
  },
  {
    name: 'hello',
    group: 'connection',
    since: '6.0.0',
    summary: 'Handshake with Redis',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    run: hello,
  },
  {
    name: 'auth',
    group: 'connection',
    since: '1.0.0',
    summary: 'Authenticate to the server',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    run: auth,
  },
  {
    name: 'quit',
    group: 'connection',
    since: '1.0.0',
    summary: 'Close the connection',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    run: quit,
  },
  {
    name: 'select',
    group: 'connection',
    since: '1.0.0',
    summary: 'Change the selected database for the current connection',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    run: select,
  },
  {
    name: 'reset',
    group: 'connection',
    since: '6.2.0',
    summary: 'Reset the connection',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    run: reset,
  },
]

function ping({ argv, client, reply }: CommandContext): void {
  if (argv.count > 2) return reply.error(wrongArity('ping'))
  if (client.protocol === 2 && client.is(CLIENT_STATE.subscribed)) {
    // Among messages an answer has to look like one.
    reply.array(2)
    reply.text('pong')
    if (argv.count === 1) return reply.text('')
  }
  if (argv.count === 1) return reply.simple('PONG')
  reply.bulk(argv.bytes, argv.start(1), argv.length(1))
}

function quit({ client, reply }: CommandContext): void {
  client.isClosing = true
  reply.simple('OK')
}

function select(context: CommandContext): void {
  const index = readDatabaseIndex(context, 1)
  if (index === undefined) return
  context.client.databaseIndex = index
  context.reply.simple('OK')
}

function reset({ client, reply, services }: CommandContext): void {
  services.clients.reset(client)
  reply.protocol = client.protocol
  reply.simple('RESET')
}

function auth(context: CommandContext): void {
  const { argv, reply, services } = context
  if (argv.count > 3) return reply.error(replyErrors.syntax)
  for (let index = 1; index < argv.count; index += 1) context.redact(index)
  if (argv.count === 2 && services.acl.isOpen) return reply.error(replyErrors.authWithoutPassword)
  const user = argv.count === 3 ? argv.latin1(1) : 'default'
  if (logIn(context, user, argv.count - 1)) reply.simple('OK')
  else reply.error(replyErrors.wrongPassword)
}

function logIn(
  { argv, client, services }: CommandContext,
  user: string,
  passwordAt: number,
): boolean {
  return services.acl.logIn({ client, argv, user, password: argv.view(passwordAt) })
}

function hello(context: CommandContext): void {
  const { argv, client, reply } = context
  let protocol: number = client.protocol
  if (argv.count > 1) {
    protocol = integerArgument(argv, 1)
    if (Number.isNaN(protocol)) return reply.error(replyErrors.protocolNotInteger)
    if (protocol !== 2 && protocol !== 3) return reply.error(replyErrors.protocolUnsupported)
  }
  if (!applyHelloOptions(context)) return
  if (!client.hasLoggedIn) return reply.error(replyErrors.helloUnauthenticated)
  client.protocol = protocol === 3 ? 3 : 2
  replyWithHello(context)
}

/** One after the other, as they stand: what came before an error stays. False after one, which has been written. */
function applyHelloOptions(context: CommandContext): boolean {
  const { argv, client, reply } = context
  for (let index = 2; index < argv.count; ) {
    if (argv.is(index, 'AUTH') && index + 2 < argv.count) {
      context.redact(index + 1)
      context.redact(index + 2)
      if (!logIn(context, argv.latin1(index + 1), index + 2)) {
        reply.error(replyErrors.wrongPassword)
        return false
      }
      index += 3
    } else if (argv.is(index, 'SETNAME') && index + 1 < argv.count) {
      const name = argv.latin1(index + 1)
      if (!isClientName(name)) {
        reply.error(replyErrors.clientNameInvalid)
        return false
      }
      client.name = name
      index += 2
    } else {
      reply.error(`ERR Syntax error in HELLO option '${argv.latin1(index)}'`)
      return false
    }
  }
  return true
}

function replyWithHello({ client, reply }: CommandContext): void {
  // The answer to HELLO 3 is a RESP3 map already.
  reply.protocol = client.protocol
  reply.map(7)
  reply.text('server')
  reply.text('redis')
  reply.text('version')
  reply.text(ENGINE_VERSION)
  reply.text('proto')
  reply.integer(client.protocol)
  reply.text('id')
  reply.integer(client.id)
  reply.text('mode')
  reply.text('standalone')
  reply.text('role')
  reply.text('master')
  reply.text('modules')
  reply.array(0)
}
