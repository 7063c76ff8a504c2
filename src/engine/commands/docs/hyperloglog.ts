import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const hyperloglogDocs: Readonly<Record<string, CommandDoc>> = {
  pfadd: {
    syntax: 'key#0 [element...]',
    complexity: 'O(1) to add every element.',
  },
  pfcount: {
    syntax: 'key#0...',
    complexity:
      'O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.',
  },
  pfdebug: {
    syntax: 'subcommand key#0',
    complexity: 'N/A',
    docFlags: ['syscmd'],
  },
  pfmerge: {
    syntax: 'destkey#0 sourcekey#1...',
    complexity: 'O(N) to merge N HyperLogLogs, but with high constant times.',
  },
  pfselftest: {
    complexity: 'N/A',
    docFlags: ['syscmd'],
  },
}
