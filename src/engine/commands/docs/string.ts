import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const stringDocs: Readonly<Record<string, CommandDoc>> = {
  append: {
    syntax: 'key#0 value',
    complexity:
      'O(1). The amortized time complexity is O(1) assuming the appended value is small and the already present value is of any size, since the dynamic string library used by Redis will double the free space available on every reallocation.',
  },
  decr: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  decrby: {
    syntax: 'key#0 decrement',
    complexity: 'O(1)',
  },
  get: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  getdel: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  getex: {
    syntax:
      'key#0 [expiration=(EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST)]',
    complexity: 'O(1)',
  },
  getrange: {
    syntax: 'key#0 start end',
    complexity:
      'O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.',
  },
  getset: {
    syntax: 'key#0 value',
    complexity: 'O(1)',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`SET` with the `!GET` argument',
  },
  incr: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  incrby: {
    syntax: 'key#0 increment',
    complexity: 'O(1)',
  },
  incrbyfloat: {
    syntax: 'key#0 increment:double',
    complexity: 'O(1)',
  },
  lcs: {
    syntax: 'key1#0 key2#0 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]',
    complexity: 'O(N*M) where N and M are the lengths of s1 and s2, respectively',
  },
  mget: {
    syntax: 'key#0...',
    complexity: 'O(N) where N is the number of keys to retrieve.',
  },
  mset: {
    syntax: '<key#0 value>...',
    complexity: 'O(N) where N is the number of keys to set.',
  },
  msetnx: {
    syntax: '<key#0 value>...',
    complexity: 'O(N) where N is the number of keys to set.',
  },
  psetex: {
    syntax: 'key#0 milliseconds value',
    complexity: 'O(1)',
  },
  set: {
    syntax:
      'key#0 value [condition=(NX | XX)@2.6.12] [GET@6.2.0] [expiration=(EX seconds@2.6.12 | PX milliseconds@2.6.12 | EXAT unix-time-seconds@6.2.0 | PXAT unix-time-milliseconds@6.2.0 | KEEPTTL@6.0.0)]',
    complexity: 'O(1)',
    history: [
      ['2.6.12', 'Added the `EX`, `PX`, `NX` and `XX` options.'],
      ['6.0.0', 'Added the `KEEPTTL` option.'],
      ['6.2.0', 'Added the `GET`, `EXAT` and `PXAT` option.'],
      ['7.0.0', 'Allowed the `NX` and `GET` options to be used together.'],
    ],
  },
  setex: {
    syntax: 'key#0 seconds value',
    complexity: 'O(1)',
  },
  setnx: {
    syntax: 'key#0 value',
    complexity: 'O(1)',
  },
  setrange: {
    syntax: 'key#0 offset value',
    complexity:
      'O(1), not counting the time taken to copy the new string in place. Usually, this string is very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the value argument.',
  },
  strlen: {
    syntax: 'key#0',
    complexity: 'O(1)',
  },
  substr: {
    syntax: 'key#0 start end',
    complexity:
      'O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.',
    docFlags: ['deprecated'],
    deprecatedSince: '2.0.0',
    replacedBy: '`GETRANGE`',
  },
}
