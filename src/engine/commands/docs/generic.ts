import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const genericDocs: Readonly<Record<string, CommandDoc>> = {
  copy: {
    syntax: 'source#0 destination#1 [DB destination-db] [REPLACE]',
    complexity:
      'O(N) worst case for collections, where N is the number of nested items. O(1) for string values.',
  },
  del: {
    syntax: 'key#0...',
    complexity:
      'O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than a string, the individual complexity for this key is O(M) where M is the number of elements in the list, set, sorted set or hash. Removing a single key that holds a string value is O(1).',
  },
  dump: {
    syntax: 'key#0',
    complexity:
      'O(1) to access the key and additional O(N*M) to serialize it, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).',
  },
  exists: {
    syntax: 'key#0...',
    complexity: 'O(N) where N is the number of keys to check.',
    history: [['3.0.3', 'Accepts multiple `key` arguments.']],
  },
  expire: {
    syntax: 'key#0 seconds [condition=(NX | XX | GT | LT)@7.0.0]',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added options: `NX`, `XX`, `GT` and `LT`.']],
  },
  expireat: {
    syntax: 'key#0 unix-time-seconds [condition=(NX | XX | GT | LT)@7.0.0]',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added options: `NX`, `XX`, `GT` and `LT`.']],
  },
  expiretime: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  keys: {
    syntax: 'pattern',
    complexity:
      'O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length.',
  },
  migrate: {
    syntax:
      'host port key_or_empty_string=(key#0 | ""=empty_string) destination-db timeout:integer [COPY@3.0.0] [REPLACE@3.0.0] [authentication=([AUTH password@4.0.7] | [AUTH2 <username password>@6.0.0])] [KEYS key#1@3.0.6...]',
    complexity:
      'This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the target instance. See the pages of these commands for time complexity. Also an O(N) data transfer between the two instances is performed.',
    history: [
      ['3.0.0', 'Added the `COPY` and `REPLACE` options.'],
      ['3.0.6', 'Added the `KEYS` option.'],
      ['4.0.7', 'Added the `AUTH` option.'],
      ['6.0.0', 'Added the `AUTH2` option.'],
    ],
  },
  move: {
    syntax: 'key#0 db',
    complexity: 'O(1)',
  },
  object: {
    complexity: 'Depends on subcommand.',
  },
  'object|encoding': {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  'object|freq': {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  'object|help': {
    complexity: 'O(1)',
  },
  'object|idletime': {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  'object|refcount': {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  persist: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  pexpire: {
    syntax: 'key#0 milliseconds [condition=(NX | XX | GT | LT)@7.0.0]',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added options: `NX`, `XX`, `GT` and `LT`.']],
  },
  pexpireat: {
    syntax: 'key#0 unix-time-milliseconds [condition=(NX | XX | GT | LT)@7.0.0]',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added options: `NX`, `XX`, `GT` and `LT`.']],
  },
  pexpiretime: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  pttl: {
    syntax: 'key#0',
    complexity: 'O(1)',
    history: [['2.8.0', 'Added the -2 reply.']],
  },
  randomkey: {
    complexity: 'O(1)',
  },
  rename: {
    syntax: 'key#0 newkey#1',
    complexity: 'O(1)',
  },
  renamenx: {
    syntax: 'key#0 newkey#1',
    complexity: 'O(1)',
    history: [
      [
        '3.2.0',
        'The command no longer returns an error when source and destination names are the same.',
      ],
    ],
  },
  restore: {
    syntax:
      'key#0 ttl serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds@5.0.0] [FREQ frequency@5.0.0]',
    complexity:
      'O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).',
    history: [
      ['3.0.0', 'Added the `REPLACE` modifier.'],
      ['5.0.0', 'Added the `ABSTTL` modifier.'],
      ['5.0.0', 'Added the `IDLETIME` and `FREQ` options.'],
    ],
  },
  scan: {
    syntax: 'cursor [MATCH pattern] [COUNT count] [TYPE type@6.0.0]',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.',
    history: [['6.0.0', 'Added the `TYPE` subcommand.']],
  },
  sort: {
    syntax:
      'key#0 [BY pattern#1] [LIMIT <offset count>] [GET pattern#1+...] [order=(ASC | DESC)] [ALPHA=sorting] [STORE destination#2]',
    complexity:
      'O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).',
  },
  sort_ro: {
    syntax:
      'key#0 [BY pattern#1] [LIMIT <offset count>] [GET pattern#1+...] [order=(ASC | DESC)] [ALPHA=sorting]',
    complexity:
      'O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).',
  },
  touch: {
    syntax: 'key#0...',
    complexity: 'O(N) where N is the number of keys that will be touched.',
  },
  ttl: {
    syntax: 'key#0',
    complexity: 'O(1)',
    history: [['2.8.0', 'Added the -2 reply.']],
  },
  type: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  unlink: {
    syntax: 'key#0...',
    complexity:
      'O(1) for each key removed regardless of its size. Then the command does O(N) work in a different thread in order to reclaim memory, where N is the number of allocations the deleted objects where composed of.',
  },
  wait: {
    syntax: 'numreplicas timeout:integer',
    complexity: 'O(1)',
  },
}
