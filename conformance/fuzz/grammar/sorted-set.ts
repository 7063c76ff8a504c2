import type { Arguments } from '../arguments.ts'
import type { Grammar } from './production.ts'

const withScores = (a: Arguments, probability: number): readonly string[] =>
  a.choice.maybe(probability, 'WITHSCORES')

const writes: Grammar = [
  (a) => [
    'ZADD',
    a.key('zset'),
    ...a.choice.maybe(0.15, a.choice.pick(['NX', 'XX', 'GT', 'LT'])),
    ...a.choice.maybe(0.1, 'CH'),
    ...a.choice.manyOf(4, () => [a.score(), a.member()]),
  ],
  (a) => ['ZADD', a.key('zset'), 'INCR', a.float(), a.member()],
  (a) => ['ZADD', a.key('lex'), ...a.choice.manyOf(4, () => ['0', a.member()])],
  (a) => ['ZINCRBY', a.key('zset'), a.float(), a.member()],
  (a) => ['ZREM', a.key('zset'), ...a.choice.many(3, () => a.member())],
  (a) => ['ZREMRANGEBYRANK', a.key('zset'), a.smallInteger(), a.smallInteger()],
  (a) => ['ZREMRANGEBYSCORE', a.key('zset'), a.scoreBound(), a.scoreBound()],
  (a) => ['ZREMRANGEBYLEX', a.key('lex'), a.lexBound(), a.lexBound()],
  (a) => [
    a.choice.pick(['ZPOPMIN', 'ZPOPMAX']),
    a.key('zset'),
    ...a.choice.maybe(0.5, a.natural(4)),
  ],
  (a) => [
    'ZMPOP',
    '2',
    a.key('zset'),
    a.key('zset'),
    a.choice.pick(['MIN', 'MAX']),
    ...a.choice.maybe(0.4, 'COUNT', '2'),
  ],
  (a) => [a.choice.pick(['BZPOPMIN', 'BZPOPMAX']), a.key('zset'), '0.01'],
  (a) => ['ZRANGESTORE', a.key('zset'), a.key('zset'), a.smallInteger(), a.smallInteger()],
]

const reads: Grammar = [
  (a) => ['ZSCORE', a.key('zset'), a.member()],
  (a) => ['ZMSCORE', a.key('zset'), ...a.choice.many(3, () => a.member())],
  (a) => ['ZCARD', a.key('zset')],
  (a) => [a.choice.pick(['ZRANK', 'ZREVRANK']), a.key('zset'), a.member()],
  (a) => ['ZCOUNT', a.key('zset'), a.scoreBound(), a.scoreBound()],
  (a) => ['ZLEXCOUNT', a.key('lex'), a.lexBound(), a.lexBound()],
  (a) => [
    'ZRANGE',
    a.key('zset'),
    a.smallInteger(),
    a.smallInteger(),
    ...a.choice.maybe(0.3, 'REV'),
    ...withScores(a, 0.4),
  ],
  (a) => [
    'ZRANGE',
    a.key('zset'),
    a.scoreBound(),
    a.scoreBound(),
    'BYSCORE',
    ...a.limit(),
    ...withScores(a, 0.4),
  ],
  (a) => ['ZRANGE', a.key('lex'), a.lexBound(), a.lexBound(), 'BYLEX', ...a.limit()],
  (a) => ['ZREVRANGE', a.key('zset'), a.smallInteger(), a.smallInteger(), ...withScores(a, 0.5)],
  (a) => [
    a.choice.pick(['ZRANGEBYSCORE', 'ZREVRANGEBYSCORE']),
    a.key('zset'),
    a.scoreBound(),
    a.scoreBound(),
    ...withScores(a, 0.4),
    ...a.limit(),
  ],
  (a) => [
    a.choice.pick(['ZRANGEBYLEX', 'ZREVRANGEBYLEX']),
    a.key('lex'),
    a.lexBound(),
    a.lexBound(),
    ...a.limit(),
  ],
  (a) => {
    const count = String(a.choice.int(9) - 4)
    const words = a.choice.pick([[], [count], [a.natural(5), 'WITHSCORES']])
    return ['ZRANDMEMBER', a.key('zset'), ...words]
  },
  (a) => ['ZSCAN', a.key('zset'), '0'],
]

const algebra: Grammar = [
  (a) => [
    a.choice.pick(['ZUNIONSTORE', 'ZINTERSTORE']),
    a.key('zset'),
    '2',
    a.choice.pick([a.key('zset'), a.key('set')]),
    a.key('zset'),
    ...a.weights(),
  ],
  (a) => [
    a.choice.pick(['ZUNION', 'ZINTER']),
    '2',
    a.key('zset'),
    a.key('zset'),
    ...a.weights(),
    ...withScores(a, 0.5),
  ],
  (a) => ['ZDIFF', '2', a.key('zset'), a.key('zset'), ...withScores(a, 0.5)],
  (a) => ['ZDIFFSTORE', a.key('zset'), '2', a.key('zset'), a.key('zset')],
  (a) => ['ZINTERCARD', '2', a.key('zset'), a.key('zset'), ...a.choice.maybe(0.4, 'LIMIT', '2')],
]

export const sortedSetGrammar: Grammar = [...writes, ...reads, ...algebra]
