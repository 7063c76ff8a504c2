import { KEY_KINDS, keysOfKind } from '../arguments.ts'
import type { Grammar } from './production.ts'

const PATTERNS = ['*', '{t}str*', '*[0-2]', '{t}l?st*', 'nope*', '*[^0]']

export const keyGrammar: Grammar = [
  (a) => ['DEL', ...a.choice.many(2, () => a.anyKey())],
  (a) => ['UNLINK', a.anyKey()],
  (a) => ['EXISTS', ...a.choice.many(3, () => a.anyKey())],
  (a) => ['TYPE', a.anyKey()],
  (a) => ['TOUCH', ...a.choice.many(2, () => a.anyKey())],
  (a) => ['KEYS', a.choice.pick(PATTERNS)],
  () => ['DBSIZE'],
  () => ['RANDOMKEY'],
  (a) => [
    'SCAN',
    '0',
    ...a.choice.maybe(0.5, 'MATCH', '{t}s*'),
    ...a.choice.maybe(0.3, 'TYPE', 'hash'),
  ],
  (a) => {
    const keys = keysOfKind(a.choice.pick(KEY_KINDS))
    return [a.choice.pick(['RENAME', 'RENAMENX']), a.choice.pick(keys), a.choice.pick(keys)]
  },
  (a) => {
    const keys = keysOfKind(a.choice.pick(KEY_KINDS))
    const words = a.choice.maybe(0.5, 'REPLACE')
    return ['COPY', a.choice.pick(keys), a.choice.pick(keys), ...words]
  },
  (a) => ['MOVE', a.anyKey(), '9'],
  (a) => ['ECHO', a.word()],
  (a) => ['PING', ...a.choice.maybe(0.5, a.word())],
]

/** Only where both are to choose the same encodings. */
export const encodingGrammar: Grammar = [
  (a) => ['OBJECT', 'ENCODING', a.anyKey()],
  (a) => ['OBJECT', 'REFCOUNT', a.anyKey()],
]
