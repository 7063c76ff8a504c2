import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const setDocs: Readonly<Record<string, CommandDoc>> = {
  sadd: {
    syntax: 'key#0 member...',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    history: [['2.4.0', 'Accepts multiple `member` arguments.']],
  },
  scard: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  sdiff: {
    syntax: 'key#0...',
    complexity: 'O(N) where N is the total number of elements in all given sets.',
  },
  sdiffstore: {
    syntax: 'destination#0 key#1...',
    complexity: 'O(N) where N is the total number of elements in all given sets.',
  },
  sinter: {
    syntax: 'key#0...',
    complexity:
      'O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.',
  },
  sintercard: {
    syntax: 'numkeys key#0... [LIMIT limit]',
    complexity:
      'O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.',
  },
  sinterstore: {
    syntax: 'destination#0 key#1...',
    complexity:
      'O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.',
  },
  sismember: {
    syntax: 'key#0 member',
    complexity: 'O(1)',
  },
  smembers: {
    syntax: 'key#0',
    complexity: 'O(N) where N is the set cardinality.',
  },
  smismember: {
    syntax: 'key#0 member...',
    complexity: 'O(N) where N is the number of elements being checked for membership',
  },
  smove: {
    syntax: 'source#0 destination#1 member',
    complexity: 'O(1)',
  },
  spop: {
    syntax: 'key#0 [count@3.2.0]',
    complexity:
      'Without the count argument O(1), otherwise O(N) where N is the value of the passed count.',
    history: [['3.2.0', 'Added the `count` argument.']],
  },
  srandmember: {
    syntax: 'key#0 [count@2.6.0]',
    complexity:
      'Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.',
    history: [['2.6.0', 'Added the optional `count` argument.']],
  },
  srem: {
    syntax: 'key#0 member...',
    complexity: 'O(N) where N is the number of members to be removed.',
    history: [['2.4.0', 'Accepts multiple `member` arguments.']],
  },
  sscan: {
    syntax: 'key#0 cursor [MATCH pattern] [COUNT count]',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..',
  },
  sunion: {
    syntax: 'key#0...',
    complexity: 'O(N) where N is the total number of elements in all given sets.',
  },
  sunionstore: {
    syntax: 'destination#0 key#1...',
    complexity: 'O(N) where N is the total number of elements in all given sets.',
  },
}
