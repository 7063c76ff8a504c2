import { invariant } from '../../../shared/assert.ts'

/**
 * Arguments in redis.io's notation, told more exactly:
 *
 * | written | means |
 * | --- | --- |
 * | `name`, `.NAME` | an argument; the dot says that capitals are no token |
 * | `TOKEN`, `TOKEN=name` | a word that stands there itself, under a name of its own; `""` is the empty one |
 * | `TOKEN name`, `TOKEN <…>` | what follows the word |
 * | `[…]` | may be left out |
 * | `(a \| b)`, `name=(a \| b)` | one of them |
 * | `<a b>`, `name=<a b>` | all of them |
 * | `…:type` | its type, where the name does not say it |
 * | `…#0` | a key, found by the key specification of this number |
 * | `…@6.2.0`, `…~7.0.0` | since which version, and since when it should not be used |
 * | `…...`, `…+...` | once or more; the second with its token each time |
 */
export function parseSyntax(syntax: string): readonly Argument[] {
  const reader = new SyntaxReader(syntax)
  const all = reader.items()
  invariant(reader.isAtEnd, `the syntax "${syntax}" is read to its end`)
  return all
}

export type ArgumentType =
  | 'string'
  | 'integer'
  | 'double'
  | 'key'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block'

/** One argument as COMMAND DOCS tells it. */
export interface Argument {
  readonly name: string
  readonly type: ArgumentType
  readonly keySpecIndex: number | undefined
  readonly token: string | undefined
  readonly since: string | undefined
  readonly deprecatedSince: string | undefined
  readonly flags: readonly ('optional' | 'multiple' | 'multiple_token')[]
  readonly arguments: readonly Argument[]
}

const PLAIN_TYPES = ['string', 'integer', 'double', 'key', 'pattern', 'unix-time'] as const

/** The types of arguments by their usual names; any other is a string. */
const NAMES_BY_TYPE: readonly (readonly [type: ArgumentType, names: string])[] = [
  [
    'integer',
    'bit bits client-id cluster_bus_port config-epoch count cursor db decrement destination-db end end-slot entries_added entries_read frequency increment index index1 index2 len limit milliseconds ms num-matches numkeys numreplicas offset port protover rank seconds slot start start-slot stop ttl version weight',
  ],
  ['key', 'destination destkey dst key key1 key2 newkey source sourcekey src'],
  ['double', 'height latitude longitude radius score timeout width'],
  ['pattern', 'pattern'],
  ['unix-time', 'unix-time-milliseconds unix-time-seconds'],
]
const TYPE_BY_NAME: ReadonlyMap<string, ArgumentType> = new Map(
  NAMES_BY_TYPE.flatMap(([type, names]) => names.split(' ').map((name) => [name, type] as const)),
)

/** What stands between two arguments, or ends a group. */
const WORD_END = /[\s()[\]<>|]/
const SUFFIXES =
  /^(?::(string|integer|double|key|pattern|unix-time))?(?:#(\d+))?(?:@([\d.]*\d))?(?:~([\d.]*\d))?(\+?\.\.\.)?$/
const GROUP_SUFFIXES = /^[#@~+.\d]*/

class SyntaxReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    this.#skipSpaces()
    return this.#at >= this.#text.length
  }

  /** Arguments up to the end of the text or of the group. */
  items(): readonly Argument[] {
    const found: Argument[] = []
    while (!this.isAtEnd && !/[)\]>|]/.test(this.#next())) found.push(this.#item())
    return found
  }

  #next(): string {
    return this.#text.charAt(this.#at)
  }

  #skipSpaces(): void {
    while (this.#next() === ' ') this.#at += 1
  }

  #item(): Argument {
    if (this.#next() !== '[') return this.#required()
    this.#at += 1
    const item = this.#required()
    this.#expect(']')
    return { ...item, flags: ['optional', ...item.flags] }
  }

  #required(): Argument {
    this.#skipSpaces()
    if (this.#next() === '(' || this.#next() === '<') return this.#group('', undefined)
    const word = this.#word()
    if (this.#isGroupName(word)) return this.#group(word.slice(0, -1), undefined)
    if (!/^[A-Z"*=~$]/.test(word)) return argumentOf(word, undefined)
    const followsToken = /^[A-Z_0-9]+$/.test(word) && this.#next() === ' '
    if (followsToken) {
      this.#skipSpaces()
      if (this.#next() === '(' || this.#next() === '<') return this.#group('', word)
      if (/[a-z.]/.test(this.#next())) return this.#followed(word)
    }
    return tokenOf(word)
  }

  #followed(token: string): Argument {
    const word = this.#word()
    if (this.#isGroupName(word)) return this.#group(word.slice(0, -1), token)
    return argumentOf(word, token)
  }

  #isGroupName(word: string): boolean {
    return word.endsWith('=') && (this.#next() === '(' || this.#next() === '<')
  }

  #word(): string {
    const start = this.#at
    while (this.#at < this.#text.length && !WORD_END.test(this.#next())) this.#at += 1
    return this.#text.slice(start, this.#at)
  }

  #group(name: string, token: string | undefined): Argument {
    const isChoice = this.#next() === '('
    this.#at += 1
    const parts = [...this.items()]
    while (isChoice && this.#next() === '|') {
      this.#at += 1
      parts.push(...this.items())
    }
    this.#expect(isChoice ? ')' : '>')
    const suffixes = GROUP_SUFFIXES.exec(this.#text.slice(this.#at))?.[0] ?? ''
    this.#at += suffixes.length
    const given = name === '' ? parts.map((part) => part.name).join('_') : name
    const type = isChoice ? 'oneof' : 'block'
    return { ...withSuffixes(suffixes), name: given, type, token, arguments: parts }
  }

  #expect(character: string): void {
    this.#skipSpaces()
    invariant(this.#next() === character, `"${this.#text}" has ${character} at ${this.#at}`)
    this.#at += 1
  }
}

/** `name:type#0@6.2.0...` after a token or none. */
function argumentOf(word: string, token: string | undefined): Argument {
  const end = /(?::(?:string|integer|double|key|pattern|unix-time)(?![\w-])|[#@~]|\+?\.\.\.$)/.exec(
    word,
  )
  const suffixed = withSuffixes(end === null ? '' : word.slice(end.index))
  const name = (end === null ? word : word.slice(0, end.index)).replace(/^\./, '')
  const type = suffixed.type ?? TYPE_BY_NAME.get(name) ?? 'string'
  return { ...suffixed, name, type, token, arguments: [] }
}

/** `TOKEN@6.2.0` or `TOKEN=name`. */
function tokenOf(word: string): Argument {
  const [, plain = '', name, suffixes = ''] = /^(~|""|[^=@]+|=)(?:=([\w-]+))?(.*)$/.exec(word) ?? []
  const text = plain === '""' ? '' : plain
  return {
    ...withSuffixes(suffixes),
    name: name ?? text.toLowerCase(),
    type: 'pure-token',
    token: text,
    arguments: [],
  }
}

type Suffixed = Omit<Argument, 'name' | 'type' | 'token' | 'arguments'> & {
  readonly type: ArgumentType | undefined
}

function withSuffixes(suffixes: string): Suffixed {
  const match = SUFFIXES.exec(suffixes)
  invariant(match !== null, `"${suffixes}" says more of an argument`)
  const [, typeName, keySpec, since, deprecatedSince, repeated] = match
  return {
    type: PLAIN_TYPES.find((type) => type === typeName),
    keySpecIndex: keySpec === undefined ? undefined : Number(keySpec),
    since,
    deprecatedSince,
    flags:
      repeated === undefined
        ? []
        : repeated === '...'
          ? ['multiple']
          : ['multiple', 'multiple_token'],
  }
}
