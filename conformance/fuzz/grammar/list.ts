import type { Grammar } from './production.ts'

const PUSHES = ['LPUSH', 'RPUSH', 'RPUSH', 'LPUSHX', 'RPUSHX']
const ENDS = ['LEFT', 'RIGHT']

export const listGrammar: Grammar = [
  (a) => [a.choice.pick(PUSHES), a.key('list'), ...a.choice.many(4, () => a.value())],
  (a) => [a.choice.pick(['LPOP', 'RPOP']), a.key('list'), ...a.choice.maybe(0.3, a.smallInteger())],
  (a) => ['LLEN', a.key('list')],
  (a) => ['LRANGE', a.key('list'), a.smallInteger(), a.smallInteger()],
  (a) => ['LINDEX', a.key('list'), a.smallInteger()],
  (a) => ['LSET', a.key('list'), a.smallInteger(), a.value()],
  (a) => ['LINSERT', a.key('list'), a.choice.pick(['BEFORE', 'AFTER']), a.value(), a.value()],
  (a) => ['LREM', a.key('list'), a.smallInteger(), a.value()],
  (a) => ['LTRIM', a.key('list'), a.smallInteger(), a.smallInteger()],
  (a) => [
    'LPOS',
    a.key('list'),
    a.value(),
    ...a.choice.maybe(0.3, 'RANK', a.smallInteger()),
    ...a.choice.maybe(0.3, 'COUNT', a.natural(4)),
    ...a.choice.maybe(0.2, 'MAXLEN', a.natural(5)),
  ],
  (a) => ['RPOPLPUSH', a.key('list'), a.key('list')],
  (a) => ['LMOVE', a.key('list'), a.key('list'), a.choice.pick(ENDS), a.choice.pick(ENDS)],
  (a) => [
    'LMPOP',
    '2',
    a.key('list'),
    a.key('list'),
    a.choice.pick(ENDS),
    ...a.choice.maybe(0.4, 'COUNT', '3'),
  ],
  (a) => ['BLPOP', a.key('list'), a.key('list'), '0.01'],
  (a) => ['BRPOP', a.key('list'), '0.01'],
  (a) => ['BLMOVE', a.key('list'), a.key('list'), 'LEFT', 'RIGHT', '0.01'],
  (a) => ['BLMPOP', '0.01', '2', a.key('list'), a.key('list'), 'LEFT'],
  (a) => [
    'SORT',
    a.key('list'),
    ...a.choice.maybe(0.5, 'ALPHA'),
    ...a.limit(),
    ...a.choice.maybe(0.3, 'DESC'),
    ...a.choice.maybe(0.2, 'GET', '{t}str*', 'GET', '#'),
    ...a.choice.maybe(0.2, 'STORE', a.key('list')),
  ],
  (a) => ['SORT_RO', a.key('list'), 'ALPHA'],
]
