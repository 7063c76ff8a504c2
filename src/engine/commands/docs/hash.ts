import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const hashDocs: Readonly<Record<string, CommandDoc>> = {
  hdel: {
    syntax: 'key#0 field...',
    complexity: 'O(N) where N is the number of fields to be removed.',
    history: [['2.4.0', 'Accepts multiple `field` arguments.']],
  },
  hexists: {
    syntax: 'key#0 field',
    complexity: 'O(1)',
  },
  hget: {
    syntax: 'key#0 field',
    complexity: 'O(1)',
  },
  hgetall: {
    syntax: 'key#0',
    complexity: 'O(N) where N is the size of the hash.',
  },
  hincrby: {
    syntax: 'key#0 field increment',
    complexity: 'O(1)',
  },
  hincrbyfloat: {
    syntax: 'key#0 field increment:double',
    complexity: 'O(1)',
  },
  hkeys: {
    syntax: 'key#0',
    complexity: 'O(N) where N is the size of the hash.',
  },
  hlen: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  hmget: {
    syntax: 'key#0 field...',
    complexity: 'O(N) where N is the number of fields being requested.',
  },
  hmset: {
    syntax: 'key#0 <field value>...',
    complexity: 'O(N) where N is the number of fields being set.',
    docFlags: ['deprecated'],
    deprecatedSince: '4.0.0',
    replacedBy: '`HSET` with multiple field-value pairs',
  },
  hrandfield: {
    syntax: 'key#0 [options=<count [WITHVALUES]>]',
    complexity: 'O(N) where N is the number of fields returned',
  },
  hscan: {
    syntax: 'key#0 cursor [MATCH pattern] [COUNT count]',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..',
  },
  hset: {
    syntax: 'key#0 <field value>...',
    complexity:
      'O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.',
    history: [['4.0.0', 'Accepts multiple `field` and `value` arguments.']],
  },
  hsetnx: {
    syntax: 'key#0 field value',
    complexity: 'O(1)',
  },
  hstrlen: {
    syntax: 'key#0 field',
    complexity: 'O(1)',
  },
  hvals: {
    syntax: 'key#0',
    complexity: 'O(N) where N is the size of the hash.',
  },
}
