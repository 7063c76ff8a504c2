import type { Grammar } from './production.ts'

export const hashGrammar: Grammar = [
  (a) => ['HSET', a.key('hash'), ...a.choice.manyOf(3, () => [a.field(), a.bytes()])],
  (a) => ['HMSET', a.key('hash'), ...a.choice.manyOf(2, () => [a.field(), a.value()])],
  (a) => ['HSETNX', a.key('hash'), a.field(), a.value()],
  (a) => ['HGET', a.key('hash'), a.field()],
  (a) => ['HMGET', a.key('hash'), ...a.choice.many(3, () => a.field())],
  (a) => ['HGETALL', a.key('hash')],
  (a) => ['HKEYS', a.key('hash')],
  (a) => ['HVALS', a.key('hash')],
  (a) => ['HDEL', a.key('hash'), ...a.choice.many(2, () => a.field())],
  (a) => ['HLEN', a.key('hash')],
  (a) => ['HEXISTS', a.key('hash'), a.field()],
  (a) => ['HSTRLEN', a.key('hash'), a.field()],
  (a) => ['HINCRBY', a.key('hash'), a.field(), a.integer()],
  (a) => ['HINCRBYFLOAT', a.key('hash'), a.field(), a.float()],
  (a) => {
    const count = String(a.choice.int(9) - 4)
    return ['HRANDFIELD', a.key('hash'), ...a.choice.pick([[], [count], [count, 'WITHVALUES']])]
  },
  (a) => ['HSCAN', a.key('hash'), '0'],
]
