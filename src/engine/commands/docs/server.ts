import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const serverDocs: Readonly<Record<string, CommandDoc>> = {
  acl: {
    complexity: 'Depends on subcommand.',
  },
  'acl|cat': {
    syntax: '[categoryname]',
    complexity: 'O(1) since the categories and commands are a fixed set.',
  },
  'acl|deluser': {
    syntax: 'username...',
    complexity: 'O(1) amortized time considering the typical user.',
  },
  'acl|dryrun': {
    syntax: 'username command [arg...]',
    complexity: 'O(1).',
  },
  'acl|genpass': {
    syntax: '[bits]',
    complexity: 'O(1)',
  },
  'acl|getuser': {
    syntax: 'username',
    complexity:
      'O(N). Where N is the number of password, command and pattern rules that the user has.',
    history: [
      ['6.2.0', 'Added Pub/Sub channel patterns.'],
      [
        '7.0.0',
        'Added selectors and changed the format of key and channel patterns from a list to their rule representation.',
      ],
    ],
  },
  'acl|help': {
    complexity: 'O(1)',
  },
  'acl|list': {
    complexity: 'O(N). Where N is the number of configured users.',
  },
  'acl|load': {
    complexity: 'O(N). Where N is the number of configured users.',
  },
  'acl|log': {
    syntax: '[operation=(count | RESET)]',
    complexity: 'O(N) with N being the number of entries shown.',
  },
  'acl|save': {
    complexity: 'O(N). Where N is the number of configured users.',
  },
  'acl|setuser': {
    syntax: 'username [rule...]',
    complexity: 'O(N). Where N is the number of rules provided.',
    history: [
      ['6.2.0', 'Added Pub/Sub channel patterns.'],
      ['7.0.0', 'Added selectors and key based permissions.'],
    ],
  },
  'acl|users': {
    complexity: 'O(N). Where N is the number of configured users.',
  },
  'acl|whoami': {
    complexity: 'O(1)',
  },
  bgrewriteaof: {
    complexity: 'O(1)',
  },
  bgsave: {
    syntax: '[SCHEDULE@3.2.2]',
    complexity: 'O(1)',
    history: [['3.2.2', 'Added the `SCHEDULE` option.']],
  },
  command: {
    complexity: 'O(N) where N is the total number of Redis commands',
  },
  'command|count': {
    complexity: 'O(1)',
  },
  'command|docs': {
    syntax: '[command-name...]',
    complexity: 'O(N) where N is the number of commands to look up',
  },
  'command|getkeys': {
    complexity: 'O(N) where N is the number of arguments to the command',
  },
  'command|getkeysandflags': {
    complexity: 'O(N) where N is the number of arguments to the command',
  },
  'command|help': {
    complexity: 'O(1)',
  },
  'command|info': {
    syntax: '[command-name...]',
    complexity: 'O(N) where N is the number of commands to look up',
    history: [['7.0.0', 'Allowed to be called with no argument to get info on all commands.']],
  },
  'command|list': {
    syntax: '[FILTERBY filterby=(MODULE module-name | ACLCAT category | PATTERN pattern)]',
    complexity: 'O(N) where N is the total number of Redis commands',
  },
  config: {
    complexity: 'Depends on subcommand.',
  },
  'config|get': {
    syntax: '<parameter>...',
    complexity: 'O(N) when N is the number of configuration parameters provided',
    history: [['7.0.0', 'Added the ability to pass multiple pattern parameters in one call']],
  },
  'config|help': {
    complexity: 'O(1)',
  },
  'config|resetstat': {
    complexity: 'O(1)',
  },
  'config|rewrite': {
    complexity: 'O(1)',
  },
  'config|set': {
    syntax: '<parameter value>...',
    complexity: 'O(N) when N is the number of configuration parameters provided',
    history: [['7.0.0', 'Added the ability to set multiple parameters in one call.']],
  },
  dbsize: {
    complexity: 'O(1)',
  },
  debug: {
    complexity: 'Depends on subcommand.',
    docFlags: ['syscmd'],
  },
  failover: {
    syntax: '[TO target=<host port [FORCE]>] [ABORT] [TIMEOUT milliseconds]',
    complexity: 'O(1)',
  },
  flushall: {
    syntax: '[async=(ASYNC@4.0.0 | SYNC@6.2.0)]',
    complexity: 'O(N) where N is the total number of keys in all databases',
    history: [
      ['4.0.0', 'Added the `ASYNC` flushing mode modifier.'],
      ['6.2.0', 'Added the `SYNC` flushing mode modifier.'],
    ],
  },
  flushdb: {
    syntax: '[async=(ASYNC@4.0.0 | SYNC@6.2.0)]',
    complexity: 'O(N) where N is the number of keys in the selected database',
    history: [
      ['4.0.0', 'Added the `ASYNC` flushing mode modifier.'],
      ['6.2.0', 'Added the `SYNC` flushing mode modifier.'],
    ],
  },
  info: {
    syntax: '[section...]',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added support for taking multiple section arguments.']],
  },
  lastsave: {
    complexity: 'O(1)',
  },
  latency: {
    complexity: 'Depends on subcommand.',
  },
  'latency|doctor': {
    complexity: 'O(1)',
  },
  'latency|graph': {
    syntax: 'event',
    complexity: 'O(1)',
  },
  'latency|help': {
    complexity: 'O(1)',
  },
  'latency|histogram': {
    syntax: '[command...]',
    complexity: 'O(N) where N is the number of commands with latency information being retrieved.',
  },
  'latency|history': {
    syntax: 'event',
    complexity: 'O(1)',
  },
  'latency|latest': {
    complexity: 'O(1)',
  },
  'latency|reset': {
    syntax: '[event...]',
    complexity: 'O(1)',
  },
  lolwut: {
    syntax: '[VERSION version]',
  },
  memory: {
    complexity: 'Depends on subcommand.',
  },
  'memory|doctor': {
    complexity: 'O(1)',
  },
  'memory|help': {
    complexity: 'O(1)',
  },
  'memory|malloc-stats': {
    complexity: 'Depends on how much memory is allocated, could be slow',
  },
  'memory|purge': {
    complexity: 'Depends on how much memory is allocated, could be slow',
  },
  'memory|stats': {
    complexity: 'O(1)',
  },
  'memory|usage': {
    syntax: 'key#0 [SAMPLES count]',
    complexity: 'O(N) where N is the number of samples.',
  },
  module: {
    complexity: 'Depends on subcommand.',
  },
  'module|help': {
    complexity: 'O(1)',
  },
  'module|list': {
    complexity: 'O(N) where N is the number of loaded modules.',
  },
  'module|load': {
    syntax: 'path [arg...]',
    complexity: 'O(1)',
  },
  'module|loadex': {
    syntax: 'path [CONFIG configs=<name value>+...] [ARGS args=<arg>...]',
    complexity: 'O(1)',
  },
  'module|unload': {
    syntax: 'name',
    complexity: 'O(1)',
  },
  psync: {
    syntax: 'replicationid offset',
  },
  replconf: {
    complexity: 'O(1)',
    docFlags: ['syscmd'],
  },
  replicaof: {
    syntax: 'args=(host-port=<host port> | no-one=<NO ONE>)',
    complexity: 'O(1)',
  },
  'restore-asking': {
    syntax:
      'key#0 ttl serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds@5.0.0] [FREQ frequency@5.0.0]',
    complexity:
      'O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).',
    history: [
      ['3.0.0', 'Added the `REPLACE` modifier.'],
      ['5.0.0', 'Added the `ABSTTL` modifier.'],
      ['5.0.0', 'Added the `IDLETIME` and `FREQ` options.'],
    ],
    docFlags: ['syscmd'],
  },
  role: {
    complexity: 'O(1)',
  },
  save: {
    complexity: 'O(N) where N is the total number of keys in all databases',
  },
  shutdown: {
    syntax: '[(NOSAVE | SAVE)] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]',
    complexity:
      'O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)',
    history: [['7.0.0', 'Added the `NOW`, `FORCE` and `ABORT` modifiers.']],
  },
  slaveof: {
    syntax: 'args=(host-port=<host port> | no-one=<NO ONE>)',
    complexity: 'O(1)',
    docFlags: ['deprecated'],
    deprecatedSince: '5.0.0',
    replacedBy: '`REPLICAOF`',
  },
  slowlog: {
    complexity: 'Depends on subcommand.',
  },
  'slowlog|get': {
    syntax: '[count]',
    complexity: 'O(N) where N is the number of entries returned',
    history: [['4.0.0', 'Added client IP address, port and name to the reply.']],
  },
  'slowlog|help': {
    complexity: 'O(1)',
  },
  'slowlog|len': {
    complexity: 'O(1)',
  },
  'slowlog|reset': {
    complexity: 'O(N) where N is the number of entries in the slowlog',
  },
  swapdb: {
    syntax: 'index1 index2',
    complexity:
      'O(N) where N is the count of clients watching or blocking on keys from both databases.',
  },
  time: {
    complexity: 'O(1)',
  },
}
