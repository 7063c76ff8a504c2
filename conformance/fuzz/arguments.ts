import type { Choice } from './choice.ts'

/** How many keys there are of each kind: few, so that commands meet. All hash to one slot. */
const KEY_COUNTS = {
  str: 8,
  hash: 6,
  list: 6,
  set: 6,
  zset: 6,
  bit: 4,
  hll: 4,
  geo: 3,
  stream: 4,
  /** Sorted sets whose scores are all equal: of others the result of a range by members is open. */
  lex: 3,
} as const

/** Of no kind, and mostly not there. */
const OTHER_KEY = '{t}none'

export type KeyKind = keyof typeof KEY_COUNTS

export const KEY_KINDS: readonly KeyKind[] = Object.keys(KEY_COUNTS).filter(isKind)

export function keysOfKind(kind: KeyKind): readonly string[] {
  return Array.from({ length: KEY_COUNTS[kind] }, (_, index) => `{t}${kind}${index}`)
}

/** All keys that the state is made of. */
export const STATE_KEYS: readonly string[] = [...KEY_KINDS.flatMap(keysOfKind), OTHER_KEY]
/** Those that any command may be tried on. */
export const OPEN_KEYS: readonly string[] = KEY_KINDS.filter((kind) => kind !== 'lex').flatMap(
  keysOfKind,
)

function isKind(name: string): name is KeyKind {
  return name in KEY_COUNTS
}

const INTEGER_LIMITS = [
  '9223372036854775807',
  '-9223372036854775808',
  '2147483648',
  '4294967295',
  '1000000',
]
const FLOATS = ['0.1', '1e3', '3.0', '-0', '1.5e-5', '5.0e3', '17179869184', '0.000001', '1234.56']
const SCORES = ['+inf', '-inf', '1e21', '9007199254740993']
/** Bytes of every kind; what looks like UTF-8 is two characters here. */
const WORDS = [
  'a',
  'b',
  'c',
  'foo',
  'bar',
  'baz',
  'hello world',
  '',
  'xyzzy',
  'A',
  '10',
  '-5',
  '3.14',
  'Ã¤',
  'ÿ',
  'x'.repeat(70),
]
const STREAM_IDS = ['0', '0-0', '5-1', '1-*', '18446744073709551615-18446744073709551615']

/** What stands in commands: values, numbers, members, instants. */
export class Arguments {
  readonly choice: Choice
  #streamMs = 50

  constructor(choice: Choice) {
    this.choice = choice
  }

  /** Mostly of the kind; now and then another's or one that is not there. */
  key(kind: KeyKind): string {
    const isKind = kind === 'lex' || !this.choice.chance(0.04)
    if (isKind) return this.choice.pick(keysOfKind(kind))
    return this.choice.chance(0.25) ? OTHER_KEY : this.anyKey()
  }

  anyKey(): string {
    return this.choice.pick(OPEN_KEYS)
  }

  smallInteger(): string {
    return String(this.choice.int(21) - 10)
  }

  natural(max: number): string {
    return String(this.choice.int(max))
  }

  integer(): string {
    return this.choice.from(
      () => this.smallInteger(),
      () => this.smallInteger(),
      () => String(this.choice.int(2_000) - 1_000),
      () => this.choice.pick(INTEGER_LIMITS),
    )
  }

  float(): string {
    return this.choice.from(
      () => (this.choice.float() * 20 - 10).toFixed(this.choice.int(6)),
      () => this.smallInteger(),
      () => this.choice.pick(FLOATS),
    )
  }

  score(): string {
    return this.choice.int(4) === 0 ? this.choice.pick(SCORES) : this.float()
  }

  scoreBound(): string {
    return `${this.choice.chance(0.2) ? '(' : ''}${this.score()}`
  }

  lexBound(): string {
    const bounds = ['-', '+', `[m${this.choice.int(12)}`, `(m${this.choice.int(12)}`, '[foo', '(']
    return this.choice.pick([...bounds, '['])
  }

  word(): string {
    return this.choice.pick(WORDS)
  }

  value(): string {
    if (this.choice.chance(0.4)) return this.integer()
    return this.choice.chance(0.1) ? 'v'.repeat(this.choice.int(200)) : this.word()
  }

  /** A NUL only where nothing sorts: SORT compares with strcoll, for which "" and "\0…" are equal. */
  bytes(): string {
    return this.choice.chance(0.1) ? '\x00\x01\r\n\xff' : this.value()
  }

  member(): string {
    return this.choice.from(
      () => `m${this.choice.int(12)}`,
      () => this.natural(20),
      () => this.word(),
    )
  }

  field(): string {
    return this.choice.chance(0.5) ? `f${this.choice.int(10)}` : this.word()
  }

  /** An expiry that will not come while this runs. */
  farExpiry(): readonly string[] {
    const { choice } = this
    return choice.from(
      () => ['EX', String(10_000 + choice.int(1_000))],
      () => ['PX', String(10_000_000 + choice.int(1_000))],
      () => ['EXAT', String(4_000_000_000 + choice.int(1_000))],
      () => ['PXAT', String(4_000_000_000_000 + choice.int(1_000))],
    )
  }

  limit(): readonly string[] {
    return this.choice.maybe(0.3, 'LIMIT', this.smallInteger(), this.smallInteger())
  }

  weights(): readonly string[] {
    const { choice } = this
    return [
      ...choice.maybe(0.4, 'WEIGHTS', this.float(), this.float()),
      ...choice.maybe(0.4, 'AGGREGATE', choice.pick(['SUM', 'MIN', 'MAX'])),
    ]
  }

  streamId(): string {
    return this.choice.from(
      () => `${this.choice.int(50)}-${this.choice.int(3)}`,
      () => this.natural(50),
      () => this.choice.pick(STREAM_IDS),
    )
  }

  /** Mostly greater than those before; never `*`, which is the clock's. */
  newStreamId(): string {
    if (this.choice.chance(0.5)) return this.streamId()
    this.#streamMs += this.choice.int(3)
    return `${this.#streamMs}-${this.choice.int(4)}`
  }

  lastStreamId(): string {
    return `${this.#streamMs + 5}-0`
  }
}
