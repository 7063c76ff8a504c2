import type { Grammar } from './production.ts'

/** Either long past or far off: what expires while this runs, expires on the two at different moments. */
export const expiryGrammar: Grammar = [
  (a) => [
    'EXPIRE',
    a.anyKey(),
    String(5_000 + a.choice.int(10_000)),
    ...a.choice.maybe(0.3, a.choice.pick(['NX', 'XX', 'GT', 'LT'])),
  ],
  (a) => ['PEXPIRE', a.anyKey(), String(5_000_000 + a.choice.int(1_000_000))],
  (a) => ['EXPIREAT', a.anyKey(), String(4_000_000_000 + a.choice.int(100))],
  (a) => ['PEXPIREAT', a.anyKey(), String(4_000_000_000_000 + a.choice.int(100))],
  (a) => [a.choice.pick(['EXPIRE', 'PEXPIRE', 'EXPIREAT']), a.anyKey(), a.choice.pick(['-1', '0'])],
  (a) => [a.choice.pick(['TTL', 'PTTL']), a.anyKey()],
  (a) => [a.choice.pick(['EXPIRETIME', 'PEXPIRETIME']), a.anyKey()],
  (a) => ['PERSIST', a.anyKey()],
]
