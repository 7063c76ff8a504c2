import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const sortedSetDocs: Readonly<Record<string, CommandDoc>> = {
  bzmpop: {
    syntax: 'timeout numkeys key#0... where=(MIN | MAX) [COUNT count]',
    complexity:
      'O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.',
  },
  bzpopmax: {
    syntax: 'key#0... timeout',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
  },
  bzpopmin: {
    syntax: 'key#0... timeout',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
  },
  zadd: {
    syntax:
      'key#0 [condition=(NX | XX)@3.0.2] [comparison=(GT | LT)@6.2.0] [CH=change@3.0.2] [INCR=increment@3.0.2] <score member>...',
    complexity:
      'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
    history: [
      ['2.4.0', 'Accepts multiple elements.'],
      ['3.0.2', 'Added the `XX`, `NX`, `CH` and `INCR` options.'],
      ['6.2.0', 'Added the `GT` and `LT` options.'],
    ],
  },
  zcard: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  zcount: {
    syntax: 'key#0 min:double max:double',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
  },
  zdiff: {
    syntax: 'numkeys key#0... [WITHSCORES]',
    complexity:
      'O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.',
  },
  zdiffstore: {
    syntax: 'destination#0 numkeys key#1...',
    complexity:
      'O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.',
  },
  zincrby: {
    syntax: 'key#0 increment member',
    complexity: 'O(log(N)) where N is the number of elements in the sorted set.',
  },
  zinter: {
    syntax:
      'numkeys key#0... [WEIGHTS weight...] [AGGREGATE aggregate=(SUM | MIN | MAX)] [WITHSCORES]',
    complexity:
      'O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.',
  },
  zintercard: {
    syntax: 'numkeys key#0... [LIMIT limit]',
    complexity:
      'O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.',
  },
  zinterstore: {
    syntax:
      'destination#0 numkeys key#1... [WEIGHTS weight...] [AGGREGATE aggregate=(SUM | MIN | MAX)]',
    complexity:
      'O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.',
  },
  zlexcount: {
    syntax: 'key#0 min max',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
  },
  zmpop: {
    syntax: 'numkeys key#0... where=(MIN | MAX) [COUNT count]',
    complexity:
      'O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.',
  },
  zmscore: {
    syntax: 'key#0 member...',
    complexity: 'O(N) where N is the number of members being requested.',
  },
  zpopmax: {
    syntax: 'key#0 [count]',
    complexity:
      'O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.',
  },
  zpopmin: {
    syntax: 'key#0 [count]',
    complexity:
      'O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.',
  },
  zrandmember: {
    syntax: 'key#0 [options=<count [WITHSCORES]>]',
    complexity: 'O(N) where N is the number of elements returned',
  },
  zrange: {
    syntax:
      'key#0 start:string stop:string [sortby=(BYSCORE | BYLEX)@6.2.0] [REV@6.2.0] [LIMIT <offset count>@6.2.0] [WITHSCORES]',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.',
    history: [['6.2.0', 'Added the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options.']],
  },
  zrangebylex: {
    syntax: 'key#0 min max [LIMIT <offset count>]',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`ZRANGE` with the `BYLEX` argument',
  },
  zrangebyscore: {
    syntax: 'key#0 min:double max:double [WITHSCORES@2.0.0] [LIMIT <offset count>]',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).',
    history: [['2.0.0', 'Added the `WITHSCORES` modifier.']],
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`ZRANGE` with the `BYSCORE` argument',
  },
  zrangestore: {
    syntax: 'dst#0 src#1 min max [sortby=(BYSCORE | BYLEX)] [REV] [LIMIT <offset count>]',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key.',
  },
  zrank: {
    syntax: 'key#0 member',
    complexity: 'O(log(N))',
  },
  zrem: {
    syntax: 'key#0 member...',
    complexity:
      'O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.',
    history: [['2.4.0', 'Accepts multiple elements.']],
  },
  zremrangebylex: {
    syntax: 'key#0 min max',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.',
  },
  zremrangebyrank: {
    syntax: 'key#0 start stop',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.',
  },
  zremrangebyscore: {
    syntax: 'key#0 min:double max:double',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.',
  },
  zrevrange: {
    syntax: 'key#0 start stop [WITHSCORES]',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`ZRANGE` with the `REV` argument',
  },
  zrevrangebylex: {
    syntax: 'key#0 max min [LIMIT <offset count>]',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`ZRANGE` with the `REV` and `BYLEX` arguments',
  },
  zrevrangebyscore: {
    syntax: 'key#0 max:double min:double [WITHSCORES] [LIMIT <offset count>]',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).',
    history: [['2.1.6', '`min` and `max` can be exclusive.']],
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`ZRANGE` with the `REV` and `BYSCORE` arguments',
  },
  zrevrank: {
    syntax: 'key#0 member',
    complexity: 'O(log(N))',
  },
  zscan: {
    syntax: 'key#0 cursor [MATCH pattern] [COUNT count]',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..',
  },
  zscore: {
    syntax: 'key#0 member',
    complexity: 'O(1)',
  },
  zunion: {
    syntax:
      'numkeys key#0... [WEIGHTS weight...] [AGGREGATE aggregate=(SUM | MIN | MAX)] [WITHSCORES]',
    complexity:
      'O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.',
  },
  zunionstore: {
    syntax:
      'destination#0 numkeys key#1... [WEIGHTS weight...] [AGGREGATE aggregate=(SUM | MIN | MAX)]',
    complexity:
      'O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.',
  },
}
