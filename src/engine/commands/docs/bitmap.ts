import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const bitmapDocs: Readonly<Record<string, CommandDoc>> = {
  bitcount: {
    syntax: 'key#0 [index=<start end [index_unit=(BYTE | BIT)@7.0.0]>]',
    complexity: 'O(N)',
    history: [['7.0.0', 'Added the `BYTE|BIT` option.']],
  },
  bitfield: {
    syntax:
      'key#0 [operation=(GET <encoding offset> | write=<[OVERFLOW (WRAP | SAT | FAIL)] write_operation=(SET <encoding offset value:integer> | INCRBY <encoding offset increment>)>)...]',
    complexity: 'O(1) for each subcommand specified',
  },
  bitfield_ro: {
    syntax: 'key#0 [GET <encoding offset>+...]',
    complexity: 'O(1) for each subcommand specified',
  },
  bitop: {
    syntax: 'operation destkey#0 key#1...',
    complexity: 'O(N)',
  },
  bitpos: {
    syntax: 'key#0 bit [index=<start [end_index=<end [index_unit=(BYTE | BIT)@7.0.0]>]>]',
    complexity: 'O(N)',
    history: [['7.0.0', 'Added the `BYTE|BIT` option.']],
  },
  getbit: {
    syntax: 'key#0 offset',
    complexity: 'O(1)',
  },
  setbit: {
    syntax: 'key#0 offset value:integer',
    complexity: 'O(1)',
  },
}
