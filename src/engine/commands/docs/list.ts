import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const listDocs: Readonly<Record<string, CommandDoc>> = {
  blmove: {
    syntax: 'source#0 destination#1 wherefrom=(LEFT | RIGHT) whereto=(LEFT | RIGHT) timeout',
    complexity: 'O(1)',
  },
  blmpop: {
    syntax: 'timeout numkeys key#0... where=(LEFT | RIGHT) [COUNT count]',
    complexity:
      'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
  },
  blpop: {
    syntax: 'key#0... timeout',
    complexity: 'O(N) where N is the number of provided keys.',
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
  },
  brpop: {
    syntax: 'key#0... timeout',
    complexity: 'O(N) where N is the number of provided keys.',
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
  },
  brpoplpush: {
    syntax: 'source#0 destination#1 timeout',
    complexity: 'O(1)',
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`BLMOVE` with the `RIGHT` and `LEFT` arguments',
  },
  lindex: {
    syntax: 'key#0 index',
    complexity:
      'O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1).',
  },
  linsert: {
    syntax: 'key#0 where=(BEFORE | AFTER) pivot element',
    complexity:
      'O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N).',
  },
  llen: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  lmove: {
    syntax: 'source#0 destination#1 wherefrom=(LEFT | RIGHT) whereto=(LEFT | RIGHT)',
    complexity: 'O(1)',
  },
  lmpop: {
    syntax: 'numkeys key#0... where=(LEFT | RIGHT) [COUNT count]',
    complexity:
      'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
  },
  lpop: {
    syntax: 'key#0 [count@6.2.0]',
    complexity: 'O(N) where N is the number of elements returned',
    history: [['6.2.0', 'Added the `count` argument.']],
  },
  lpos: {
    syntax: 'key#0 element [RANK rank] [COUNT num-matches] [MAXLEN len]',
    complexity:
      'O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time.',
  },
  lpush: {
    syntax: 'key#0 element...',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    history: [['2.4.0', 'Accepts multiple `element` arguments.']],
  },
  lpushx: {
    syntax: 'key#0 element...',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    history: [['4.0.0', 'Accepts multiple `element` arguments.']],
  },
  lrange: {
    syntax: 'key#0 start stop',
    complexity:
      'O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.',
  },
  lrem: {
    syntax: 'key#0 count element',
    complexity: 'O(N+M) where N is the length of the list and M is the number of elements removed.',
  },
  lset: {
    syntax: 'key#0 index element',
    complexity:
      'O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).',
  },
  ltrim: {
    syntax: 'key#0 start stop',
    complexity: 'O(N) where N is the number of elements to be removed by the operation.',
  },
  rpop: {
    syntax: 'key#0 [count@6.2.0]',
    complexity: 'O(N) where N is the number of elements returned',
    history: [['6.2.0', 'Added the `count` argument.']],
  },
  rpoplpush: {
    syntax: 'source#0 destination#1',
    complexity: 'O(1)',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`LMOVE` with the `RIGHT` and `LEFT` arguments',
  },
  rpush: {
    syntax: 'key#0 element...',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    history: [['2.4.0', 'Accepts multiple `element` arguments.']],
  },
  rpushx: {
    syntax: 'key#0 element...',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    history: [['4.0.0', 'Accepts multiple `element` arguments.']],
  },
}
