import type { Arguments } from '../arguments.ts'
import type { Grammar, Words } from './production.ts'

function place(a: Arguments): string {
  return a.choice.chance(0.5) ? a.natural(100) : `#${a.natural(8)}`
}

function fieldOperation(a: Arguments): Words {
  const { choice } = a
  return choice.from<Words>(
    () => ['GET', choice.pick(['u8', 'i5', 'u63', 'i64', 'u1']), place(a)],
    () => ['SET', choice.pick(['u8', 'i5', 'i64']), place(a), a.integer()],
    () => [
      'OVERFLOW',
      choice.pick(['WRAP', 'SAT', 'FAIL']),
      'INCRBY',
      choice.pick(['u2', 'i8', 'u16']),
      a.natural(100),
      a.smallInteger(),
    ],
  )
}

export const bitmapGrammar: Grammar = [
  (a) => ['SETBIT', a.key('bit'), a.natural(200), a.choice.pick(['0', '1'])],
  (a) => ['GETBIT', a.key('bit'), a.natural(250)],
  (a) => {
    const range = [a.smallInteger(), a.smallInteger()]
    const unit = a.choice.pick(['BYTE', 'BIT'])
    return ['BITCOUNT', a.key('bit'), ...a.choice.pick([[], range, [...range, unit]])]
  },
  (a) => {
    const range = [a.smallInteger(), a.smallInteger()]
    const words = a.choice.pick([[], [a.smallInteger()], range, [...range, 'BIT']])
    return ['BITPOS', a.key('bit'), a.choice.pick(['0', '1']), ...words]
  },
  (a) => ['BITOP', a.choice.pick(['AND', 'OR', 'XOR']), a.key('bit'), a.key('bit'), a.key('bit')],
  (a) => ['BITOP', 'NOT', a.key('bit'), a.key('bit')],
  (a) => ['BITFIELD', a.key('bit'), ...a.choice.manyOf(3, () => fieldOperation(a))],
  (a) => ['BITFIELD_RO', a.key('bit'), 'GET', 'u8', a.natural(60)],
  (a) => ['GET', a.key('bit')],
]
