import { Arguments, keysOfKind } from './arguments.ts'
import type { Choice } from './choice.ts'
import { ENCODING_GROUP, GROUPS } from './grammar/groups.ts'
import type { Grammar, Words } from './grammar/production.ts'

/** Arguments that are wrong in many places, or just at a limit. */
const ODD = [
  'abc',
  '',
  '-1',
  '1.5',
  'nan',
  ' 1',
  '0x10',
  '1e3',
  '+5',
  '007',
  '9223372036854775807',
  '-9223372036854775808',
  '18446744073709551616',
]
const ODD_PROBABILITY = 0.05

/** Would wait for ever, or pick elements by chance, with an argument changed. */
const NEVER_ODD = /^(B[LRZ]|XREAD|WAIT|SPOP)/
/** Would make large values, or expire at once, with a number changed. */
const NEVER_REPLACED =
  /^(SETBIT|SETRANGE|BITFIELD|.?EXPIRE|SETEX|PSETEX|GETEX|SET|SCAN|.SCAN|.RANDMEMBER|HRANDFIELD|EVAL)/

const EQUAL_SCORES = keysOfKind('lex')

export interface StreamOptions {
  readonly choice: Choice
  /** Names of groups; all when there are none. */
  readonly groups: readonly string[]
  /** Whether encodings are asked for. */
  readonly hasEncodings: boolean
}

/** Commands by chance, the same for the same seed. */
export class CommandStream {
  readonly #choice: Choice
  readonly #arguments: Arguments
  /** Each group as often as it weighs. */
  readonly #grammars: readonly Grammar[]

  constructor({ choice, groups, hasEncodings }: StreamOptions) {
    this.#choice = choice
    this.#arguments = new Arguments(choice)
    const names = groups.length > 0 ? groups : Object.keys(GROUPS)
    const chosen = names.map((name) => {
      const group = GROUPS[name]
      if (group === undefined)
        throw new Error(`no group ${name}, but ${Object.keys(GROUPS).join(', ')}`)
      return group
    })
    if (hasEncodings) chosen.push(ENCODING_GROUP)
    this.#grammars = chosen.flatMap(({ grammar, weight }) => Array<Grammar>(weight).fill(grammar))
  }

  next(): Words {
    const words = this.#choice.pick(this.#choice.pick(this.#grammars))(this.#arguments)
    return this.#choice.chance(ODD_PROBABILITY) ? this.#odd(words) : words
  }

  #odd(words: Words): Words {
    const [name = '', ...rest] = words
    if (NEVER_ODD.test(name) || rest.length === 0) return words
    const way = this.#choice.int(3)
    if (way === 0) return words.slice(0, -1)
    if (way === 1) return [...words, this.#choice.pick(ODD)]
    // Scores that are all equal must stay so.
    const hasEqualScores = EQUAL_SCORES.some((key) => words.includes(key))
    if (words.length < 3 || hasEqualScores || NEVER_REPLACED.test(name)) return words
    return words.with(2 + this.#choice.int(words.length - 2), this.#choice.pick(ODD))
  }
}
