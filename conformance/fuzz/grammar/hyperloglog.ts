import type { Grammar } from './production.ts'

export const hyperLogLogGrammar: Grammar = [
  (a) => ['PFADD', a.key('hll'), ...a.choice.many(20, () => a.natural(2_000))],
  (a) => ['PFADD', a.key('hll')],
  (a) => ['PFCOUNT', ...a.choice.many(2, () => a.key('hll'))],
  (a) => ['PFMERGE', a.key('hll'), a.key('hll'), a.key('hll')],
]
