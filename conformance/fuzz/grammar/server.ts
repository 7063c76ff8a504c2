import type { Grammar } from './production.ts'

const DIRECTIVES = ['maxmemory', 'maxmemory-policy', 'appendonly', 'databases', 'nope']

/** Of the connection and the server, what does not tell the two apart. */
export const serverGrammar: Grammar = [
  (a) => ['CONFIG', 'GET', a.choice.pick(DIRECTIVES)],
  () => ['COMMAND', 'COUNT', 'x'],
  () => ['COMMAND', 'GETKEYS', 'SET', 'a', 'b'],
  () => ['CLIENT', 'GETNAME'],
  () => ['CLIENT', 'SETNAME', 'x y'],
  (a) => ['NOSUCHCOMMAND', a.word()],
  (a) => ['SELECT', a.choice.pick(['99', 'abc'])],
  () => ['WAIT', '0', '0'],
  (a) => ['PUBLISH', 'ch', a.word()],
  () => ['PUBSUB', 'NUMSUB', 'ch'],
  () => ['DEBUG'],
  () => ['RESET', 'x'],
]
