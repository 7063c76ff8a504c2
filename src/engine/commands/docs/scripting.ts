import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const scriptingDocs: Readonly<Record<string, CommandDoc>> = {
  eval: {
    syntax: 'script numkeys [key#0...] [arg...]',
    complexity: 'Depends on the script that is executed.',
  },
  eval_ro: {
    syntax: 'script numkeys [key#0...] [arg...]',
    complexity: 'Depends on the script that is executed.',
  },
  evalsha: {
    syntax: 'sha1 numkeys [key#0...] [arg...]',
    complexity: 'Depends on the script that is executed.',
  },
  evalsha_ro: {
    syntax: 'sha1 numkeys [key#0...] [arg...]',
    complexity: 'Depends on the script that is executed.',
  },
  fcall: {
    syntax: 'function numkeys [key#0...] [arg...]',
    complexity: 'Depends on the function that is executed.',
  },
  fcall_ro: {
    syntax: 'function numkeys [key#0...] [arg...]',
    complexity: 'Depends on the function that is executed.',
  },
  function: {
    complexity: 'Depends on subcommand.',
  },
  'function|delete': {
    syntax: 'library-name',
    complexity: 'O(1)',
  },
  'function|dump': {
    complexity: 'O(N) where N is the number of functions',
  },
  'function|flush': {
    syntax: '[async=(ASYNC | SYNC)]',
    complexity: 'O(N) where N is the number of functions deleted',
  },
  'function|help': {
    complexity: 'O(1)',
  },
  'function|kill': {
    complexity: 'O(1)',
  },
  'function|list': {
    syntax: '[LIBRARYNAME library-name-pattern] [WITHCODE]',
    complexity: 'O(N) where N is the number of functions',
  },
  'function|load': {
    syntax: '[REPLACE] function-code',
    complexity: 'O(1) (considering compilation time is redundant)',
  },
  'function|restore': {
    syntax: 'serialized-value [policy=(FLUSH | APPEND | REPLACE)]',
    complexity: 'O(N) where N is the number of functions on the payload',
  },
  'function|stats': {
    complexity: 'O(1)',
  },
  script: {
    complexity: 'Depends on subcommand.',
  },
  'script|debug': {
    syntax: 'mode=(YES | SYNC | NO)',
    complexity: 'O(1)',
  },
  'script|exists': {
    syntax: 'sha1...',
    complexity:
      'O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).',
  },
  'script|flush': {
    syntax: '[async=(ASYNC | SYNC)@6.2.0]',
    complexity: 'O(N) with N being the number of scripts in cache',
    history: [['6.2.0', 'Added the `ASYNC` and `SYNC` flushing mode modifiers.']],
  },
  'script|help': {
    complexity: 'O(1)',
  },
  'script|kill': {
    complexity: 'O(1)',
  },
  'script|load': {
    syntax: 'script',
    complexity: 'O(N) with N being the length in bytes of the script body.',
  },
}
