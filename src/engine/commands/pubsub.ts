import { matchesGlob } from '../../shared/glob.ts'
import type { ChannelKind } from '../execution/channel-service.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { keyAt, keysFrom } from '../execution/key-spec.ts'
import { deniesBlocking, wrongSubcommand } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { replyWithHelp } from './help.ts'

const SUBSCRIBE_FLAGS = ['pubsub', 'noscript', 'loading', 'stale'] as const
const PUBLISH_FLAGS = ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'] as const
const PUBSUB_FLAGS = ['pubsub', 'loading', 'stale'] as const

/** The words in which Redis tells a client what it listens to. */
const VERBS: Readonly<Record<ChannelKind, readonly [subscribe: string, unsubscribe: string]>> = {
  channel: ['subscribe', 'unsubscribe'],
  pattern: ['psubscribe', 'punsubscribe'],
  shard: ['ssubscribe', 'sunsubscribe'],
}

export const pubsubCommands: readonly CommandSpec[] = [
  {
    name: 'subscribe',
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Listen for messages published to the given channels',
    arity: -2,
    flags: SUBSCRIBE_FLAGS,
    run: (context) => subscribe(context, 'channel'),
  },
  {
    name: 'unsubscribe',
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Stop listening for messages posted to the given channels',
    arity: -1,
    flags: SUBSCRIBE_FLAGS,
    run: (context) => unsubscribe(context, 'channel'),
  },
  {
    name: 'psubscribe',
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Listen for messages published to channels matching the given patterns',
    arity: -2,
    flags: SUBSCRIBE_FLAGS,
    run: (context) => subscribe(context, 'pattern'),
  },
  {
    name: 'punsubscribe',
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Stop listening for messages posted to channels matching the given patterns',
    arity: -1,
    flags: SUBSCRIBE_FLAGS,
    run: (context) => unsubscribe(context, 'pattern'),
  },
  {
    name: 'ssubscribe',
    group: 'pubsub',
    since: '7.0.0',
    summary: 'Listen for messages published to the given shard channels',
    arity: -2,
    flags: SUBSCRIBE_FLAGS,
    keySpecs: [keysFrom(1, 'not_key')],
    run: (context) => subscribe(context, 'shard'),
  },
  {
    name: 'sunsubscribe',
    group: 'pubsub',
    since: '7.0.0',
    summary: 'Stop listening for messages posted to the given shard channels',
    arity: -1,
    flags: SUBSCRIBE_FLAGS,
    keySpecs: [keysFrom(1, 'not_key')],
    run: (context) => unsubscribe(context, 'shard'),
  },
  {
    name: 'publish',
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Post a message to a channel',
    arity: 3,
    flags: PUBLISH_FLAGS,
    run: (context) => publish(context, 'channel'),
  },
  {
    name: 'spublish',
    group: 'pubsub',
    since: '7.0.0',
    summary: 'Post a message to a shard channel',
    arity: 3,
    flags: PUBLISH_FLAGS,
    keySpecs: [keyAt(1, 'not_key')],
    run: (context) => publish(context, 'shard'),
  },
  {
    name: 'pubsub',
    group: 'pubsub',
    since: '2.8.0',
    summary: 'A container for Pub/Sub commands',
    arity: -2,
    flags: [],
    subcommands: [
      pubsubSubcommand('channels', '2.8.0', 'List active channels', -2, (context) =>
        listChannels(context, 'channel'),
      ),
      pubsubSubcommand(
        'numpat',
        '2.8.0',
        'Get the count of unique patterns pattern subscriptions',
        2,
        ({ reply, services }) => reply.integer(services.channels.nameCount('pattern')),
      ),
      pubsubSubcommand(
        'numsub',
        '2.8.0',
        'Get the count of subscribers for channels',
        -2,
        (context) => countSubscribers(context, 'channel'),
      ),
      pubsubSubcommand('shardchannels', '7.0.0', 'List active shard channels', -2, (context) =>
        listChannels(context, 'shard'),
      ),
      pubsubSubcommand(
        'shardnumsub',
        '7.0.0',
        'Get the count of subscribers for shard channels',
        -2,
        (context) => countSubscribers(context, 'shard'),
      ),
      {
        ...pubsubSubcommand(
          'help',
          '6.2.0',
          'Show helpful text about the different subcommands',
          2,
          help,
        ),
        flags: ['loading', 'stale'],
      },
    ],
    run: () => undefined,
  },
]

function pubsubSubcommand(
  name: string,
  since: string,
  summary: string,
  arity: number,
  run: (context: CommandContext) => void,
): CommandSpec {
  return { name, group: 'pubsub', since, summary, arity, flags: PUBSUB_FLAGS, run }
}

function subscribe(context: CommandContext, kind: ChannelKind): void {
  const { argv, client, reply, services } = context
  const [verb] = VERBS[kind]
  // In EXEC it may: one reply in it then stands for several, as it always has.
  const isTransaction = client.transaction !== undefined && kind !== 'shard'
  if (client.deniesBlocking && !isTransaction) return reply.error(deniesBlocking(verb))
  for (let index = 1; index < argv.count; index += 1) {
    services.channels.subscribe(client, kind, argv.latin1(index))
    confirm(context, kind, verb, argv.view(index))
  }
}

function unsubscribe(context: CommandContext, kind: ChannelKind): void {
  const { argv, client, services } = context
  const [, verb] = VERBS[kind]
  for (let index = 1; index < argv.count; index += 1) {
    services.channels.unsubscribe(client, kind, argv.latin1(index))
    confirm(context, kind, verb, argv.view(index))
  }
  if (argv.count > 1) return
  const names = [...(client.subscriptions?.[kind] ?? [])]
  if (names.length === 0) return confirm(context, kind, verb)
  for (const name of names) {
    services.channels.unsubscribe(client, kind, name)
    confirm(context, kind, verb, Buffer.from(name, 'latin1'))
  }
}

/** One message per name, with how many the client listens to from now on; CLIENT REPLY does not keep it back. */
function confirm(
  { client, reply }: CommandContext,
  kind: ChannelKind,
  verb: string,
  name?: Uint8Array,
): void {
  const count = client.subscriptionCount(kind === 'shard')
  if (client.replyMode === 'on') {
    writeConfirmation(reply, verb, name, count)
    return
  }
  writeConfirmation(client.output.beginReply(), verb, name, count)
  client.output.endMessage()
}

function writeConfirmation(
  reply: ReplyWriter,
  verb: string,
  name: Uint8Array | undefined,
  count: number,
): void {
  reply.push(3)
  reply.text(verb)
  if (name === undefined) reply.null()
  else reply.bulk(name, 0, name.length)
  reply.integer(count)
}

function publish(
  { argv, client, reply, services }: CommandContext,
  kind: 'channel' | 'shard',
): void {
  const receivers = services.channels.publish(kind, argv.view(1), argv.view(2))
  services.propagation.message(client.databaseIndex, [argv.view(0), argv.view(1), argv.view(2)])
  reply.integer(receivers)
}

function listChannels(context: CommandContext, kind: 'channel' | 'shard'): void {
  const { argv, reply, services } = context
  if (argv.count > 3) return reply.error(wrongSubcommand(argv.latin1(1), 'pubsub'))
  const pattern = argv.count === 3 ? argv.latin1(2) : '*'
  const names: string[] = []
  for (const name of services.channels.names(kind)) {
    if (matchesGlob(pattern, name)) names.push(name)
  }
  reply.array(names.length)
  for (const name of names) {
    const bytes = Buffer.from(name, 'latin1')
    reply.bulk(bytes, 0, bytes.length)
  }
}

function countSubscribers(
  { argv, reply, services }: CommandContext,
  kind: 'channel' | 'shard',
): void {
  reply.array((argv.count - 2) * 2)
  for (let index = 2; index < argv.count; index += 1) {
    reply.bulk(argv.bytes, argv.start(index), argv.length(index))
    reply.integer(services.channels.subscriberCount(kind, argv.latin1(index)))
  }
}

function help(context: CommandContext): void {
  replyWithHelp(context, 'PUBSUB', [
    'CHANNELS [<pattern>]',
    "    Return the currently active channels matching a <pattern> (default: '*').",
    'NUMPAT',
    '    Return number of subscriptions to patterns.',
    'NUMSUB [<channel> ...]',
    '    Return the number of subscribers for the specified channels, excluding',
    '    pattern subscriptions(default: no channels).',
    'SHARDCHANNELS [<pattern>]',
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    'SHARDNUMSUB [<shardchannel> ...]',
    '    Return the number of subscribers for the specified shard level channel(s)',
  ])
}
