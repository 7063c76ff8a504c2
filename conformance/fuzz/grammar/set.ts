import type { Grammar } from './production.ts'

export const setGrammar: Grammar = [
  (a) => ['SADD', a.key('set'), ...a.choice.many(5, () => a.member())],
  (a) => ['SADD', a.key('set'), ...a.choice.many(5, () => a.natural(50))],
  (a) => ['SREM', a.key('set'), ...a.choice.many(3, () => a.member())],
  (a) => ['SCARD', a.key('set')],
  (a) => ['SISMEMBER', a.key('set'), a.member()],
  (a) => ['SMISMEMBER', a.key('set'), ...a.choice.many(3, () => a.member())],
  (a) => ['SMEMBERS', a.key('set')],
  (a) => ['SMOVE', a.key('set'), a.key('set'), a.member()],
  (a) => ['SPOP', a.key('set'), ...a.choice.maybe(0.5, a.natural(4))],
  (a) => ['SRANDMEMBER', a.key('set'), ...a.choice.maybe(0.6, String(a.choice.int(9) - 4))],
  (a) => [a.choice.pick(['SUNION', 'SINTER', 'SDIFF']), ...a.choice.many(3, () => a.key('set'))],
  (a) => [
    a.choice.pick(['SUNIONSTORE', 'SINTERSTORE', 'SDIFFSTORE']),
    a.key('set'),
    ...a.choice.many(2, () => a.key('set')),
  ],
  (a) => [
    'SINTERCARD',
    '2',
    a.key('set'),
    a.key('set'),
    ...a.choice.maybe(0.4, 'LIMIT', a.natural(4)),
  ],
  (a) => ['SSCAN', a.key('set'), '0'],
  (a) => ['SORT', a.key('set'), 'ALPHA', ...a.limit()],
]
