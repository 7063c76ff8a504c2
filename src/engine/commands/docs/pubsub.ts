import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const pubsubDocs: Readonly<Record<string, CommandDoc>> = {
  psubscribe: {
    syntax: '<pattern>...',
    complexity: 'O(N) where N is the number of patterns the client is already subscribed to.',
  },
  publish: {
    syntax: 'channel message',
    complexity:
      'O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).',
  },
  pubsub: {
    complexity: 'Depends on subcommand.',
  },
  'pubsub|channels': {
    syntax: '[pattern]',
    complexity:
      'O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)',
  },
  'pubsub|help': {
    complexity: 'O(1)',
  },
  'pubsub|numpat': {
    complexity: 'O(1)',
  },
  'pubsub|numsub': {
    syntax: '[channel...]',
    complexity: 'O(N) for the NUMSUB subcommand, where N is the number of requested channels',
  },
  'pubsub|shardchannels': {
    syntax: '[pattern]',
    complexity:
      'O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).',
  },
  'pubsub|shardnumsub': {
    syntax: '[shardchannel...]',
    complexity:
      'O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels',
  },
  punsubscribe: {
    syntax: '[pattern...]',
    complexity:
      'O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client).',
  },
  spublish: {
    syntax: 'shardchannel message',
    complexity: 'O(N) where N is the number of clients subscribed to the receiving shard channel.',
  },
  ssubscribe: {
    syntax: 'shardchannel...',
    complexity: 'O(N) where N is the number of shard channels to subscribe to.',
  },
  subscribe: {
    syntax: 'channel...',
    complexity: 'O(N) where N is the number of channels to subscribe to.',
  },
  sunsubscribe: {
    syntax: '[shardchannel...]',
    complexity: 'O(N) where N is the number of clients already subscribed to a shard channel.',
  },
  unsubscribe: {
    syntax: '[channel...]',
    complexity: 'O(N) where N is the number of clients already subscribed to a channel.',
  },
}
