import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const transactionsDocs: Readonly<Record<string, CommandDoc>> = {
  discard: {
    complexity: 'O(N), when N is the number of queued commands',
  },
  exec: {
    complexity: 'Depends on commands in the transaction',
  },
  multi: {
    complexity: 'O(1)',
  },
  unwatch: {
    complexity: 'O(1)',
  },
  watch: {
    syntax: 'key#0...',
    complexity: 'O(1) for every key.',
  },
}
