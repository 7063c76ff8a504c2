import fc from 'fast-check'
import { type Random, seededRandom } from '../../src/shared/random.ts'

/** GraphQL documents as data, to write one in many ways. Mutable, so that tests can change a meaning. */
export interface Doc {
  kind: string
  name: string | undefined
  variables: VariableDefinition[]
  directives: Directive[]
  selections: Selection[]
  /** Each spreads only those behind it, so that there are no cycles. */
  fragments: Fragment[]
}

export interface VariableDefinition {
  name: string
  type: string
  value: Value | undefined
}

export interface Fragment {
  type: string
  directives: Directive[]
  selections: Selection[]
}

export interface Directive {
  name: string
  args: Named[]
}

export interface Named {
  name: string
  value: Value
}

export type Selection =
  | {
      kind: 'field'
      alias: string | undefined
      name: string
      args: Named[]
      directives: Directive[]
      selections: Selection[]
    }
  | { kind: 'spread'; fragment: number; directives: Directive[] }
  | { kind: 'inline'; type: string | undefined; directives: Directive[]; selections: Selection[] }

export type Value =
  /** A number, a name, a keyword: as it is written. */
  | { kind: 'word'; text: string }
  | { kind: 'variable'; text: string }
  | { kind: 'string'; text: string }
  | { kind: 'list'; items: Value[] }
  | { kind: 'object'; fields: Named[] }

const FRAGMENTS_MAX = 3
const name = fc.constantFrom('a', 'b', 'id', 'order_by', 'on', 'query', 'type', '_x1')
const typeName = fc.constantFrom('T', 'products', 'Int')
const text = fc.string({
  unit: fc.constantFrom(
    'a',
    'B',
    '1',
    ' ',
    '\n',
    '\t',
    '"',
    '\\',
    '#',
    ',',
    '{',
    '$',
    'é',
    '😀',
    '\u0301',
    '\u2028',
  ),
  maxLength: 6,
})
const word = fc.constantFrom(
  '0',
  '-0',
  '1',
  '1.0',
  '1e2',
  '9007199254740993',
  'true',
  'false',
  'null',
  'asc',
  'a',
)

const value = values(fc.constantFrom('word', 'string', 'variable'))
/** A default has no variables in it. */
const constant = values(fc.constantFrom('word', 'string'))

function values(kinds: fc.Arbitrary<'word' | 'string' | 'variable'>): fc.Arbitrary<Value> {
  const leaf = kinds.chain<Value>((kind) => {
    if (kind === 'string') return fc.record({ kind: fc.constant(kind), text })
    if (kind === 'word') return fc.record({ kind: fc.constant(kind), text: word })
    return fc.record({ kind: fc.constant(kind), text: fc.constantFrom('v', 'w') })
  })
  return fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.record({
        kind: fc.constant('list' as const),
        items: fc.array(tie('value'), { maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('object' as const), fields: namedValues(tie('value')) }),
    ),
  })).value
}

function namedValues(of: fc.Arbitrary<Value>): fc.Arbitrary<Named[]> {
  return fc.uniqueArray(fc.record({ name, value: of }), {
    selector: (named) => named.name,
    maxLength: 3,
  })
}

const directives = fc.array(
  fc.record({ name: fc.constantFrom('skip', 'include', 'd'), args: namedValues(value) }),
  { maxLength: 2 },
)

/** Those that spread fragments from `first` on. */
function selections(first: number): fc.Arbitrary<Selection[]> {
  const field = (inner: fc.Arbitrary<Selection[]>) =>
    fc.record({
      kind: fc.constant('field' as const),
      alias: fc.option(name, { nil: undefined }),
      name,
      args: namedValues(value),
      directives,
      selections: inner,
    })
  return fc.letrec<{ all: Selection[]; some: Selection[]; one: Selection }>((tie) => ({
    all: fc.oneof({ depthSize: 'small' }, fc.constant<Selection[]>([]), tie('some')),
    some: fc.array(tie('one'), { minLength: 1, maxLength: 3 }),
    one: fc.oneof(
      { depthSize: 'small' },
      field(fc.constant<Selection[]>([])),
      field(tie('all')),
      fc.record({
        kind: fc.constant('inline' as const),
        type: fc.option(typeName, { nil: undefined }),
        directives,
        selections: fc.array(field(fc.constant<Selection[]>([])), { minLength: 1, maxLength: 2 }),
      }),
      ...(first < FRAGMENTS_MAX
        ? [
            fc.record({
              kind: fc.constant('spread' as const),
              fragment: fc.integer({ min: first, max: FRAGMENTS_MAX - 1 }),
              directives,
            }),
          ]
        : []),
    ),
  })).some
}

const fragment = (index: number): fc.Arbitrary<Fragment> =>
  fc.record({ type: typeName, directives, selections: selections(index + 1) })

export const documents: fc.Arbitrary<Doc> = fc.record({
  kind: fc.constantFrom('query', 'mutation', 'subscription'),
  name: fc.option(fc.constantFrom('A', 'Products', 'query'), { nil: undefined }),
  variables: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('v', 'w', 'x'),
      type: fc.constantFrom('Int', 'Int!', '[Int!]', '[Int]!', 'T'),
      value: fc.option(constant, { nil: undefined }),
    }),
    { selector: (variable) => variable.name, maxLength: 3 },
  ),
  directives,
  selections: selections(0),
  fragments: fc.tuple(fragment(0), fragment(1), fragment(2)).map((all): Fragment[] => all),
})

/** What the document says, without how: of fragments there is what is in them. */
export function meaning(doc: Doc): string {
  const named = (entries: readonly Named[]): unknown =>
    entries.map((entry) => [entry.name, valueOf(entry.value)]).toSorted(byName)
  const valueOf = (of: Value): unknown => {
    if (of.kind === 'list') return { items: of.items.map(valueOf) }
    return of.kind === 'object' ? { fields: named(of.fields) } : [of.kind, of.text]
  }
  const directivesOf = (all: readonly Directive[]) => all.map((one) => [one.name, named(one.args)])
  const selectionsOf = (all: readonly Selection[]): unknown => all.map(selectionOf)
  const selectionOf = (one: Selection): unknown => {
    if (one.kind === 'spread') {
      const { type, directives: own, selections: inner } = doc.fragments[one.fragment] ?? NOTHING
      return ['spread', directivesOf(one.directives), type, directivesOf(own), selectionsOf(inner)]
    }
    const rest = [directivesOf(one.directives), selectionsOf(one.selections)]
    if (one.kind === 'inline') return ['inline', one.type ?? null, ...rest]
    return ['field', one.alias ?? null, one.name, named(one.args), ...rest]
  }
  const variables = doc.variables
    .map(({ name: of, type, value: given }) => [of, type, given ? valueOf(given) : null])
    .toSorted(byName)
  return JSON.stringify([
    doc.kind,
    doc.name ?? null,
    variables,
    directivesOf(doc.directives),
    selectionsOf(doc.selections),
  ])
}

const NOTHING: Fragment = { type: '', directives: [], selections: [] }

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1
}

/** The document as text, in one of its many forms. */
export function write(doc: Doc, style: number): string {
  return new Writer(seededRandom(style)).document(doc)
}

const SPACES = [' ', '\n', '\t', '\r\n', ',', ' , ', '\ufeff ', '# {"comment"\n', '#\r', ' ,\n  ']

class Writer {
  readonly #random: Random
  readonly #fragmentNames: readonly string[]

  constructor(random: Random) {
    this.#random = random
    this.#fragmentNames = this.#shuffled(['f0', 'f1', 'f2', 'Fields', 'a', 'query', 'on_'])
  }

  document(doc: Doc): string {
    const fragments = doc.fragments.map(
      ({ type, directives: own, selections: inner }, index) =>
        `fragment ${this.#name(index)} on ${type}${this.#directives(own)}${this.#braces(inner)}`,
    )
    const definitions = [this.#operation(doc), ...fragments]
    // Nothing may stand beside an operation without a name.
    if (doc.name !== undefined && this.#flips()) definitions.push('query Other { a ...Unknown }')
    if (this.#flips()) definitions.push('fragment Unused on T { a ...Unused }')
    return this.#space() + this.#shuffled(definitions).join(this.#gap())
  }

  #operation({ kind, name: own, variables, directives: all, selections: inner }: Doc): string {
    const cached = this.#flips() ? '@cached(ttl: 7)' : ''
    const isShort = kind === 'query' && own === undefined && variables.length + all.length === 0
    if (isShort && cached === '' && this.#flips()) return this.#braces(inner)
    const definitions = this.#shuffled(variables).map(
      ({ name: of, type, value: given }) =>
        `$${this.#space()}${of}:${type}${given ? `=${this.#value(given)}` : ''}`,
    )
    const head = `${kind}${this.#gap()}${own ?? ''}`
    const list = definitions.length === 0 ? '' : `(${definitions.join(this.#gap())})`
    return `${head}${list}${this.#directives(all)}${cached}${this.#braces(inner)}`
  }

  #braces(all: readonly Selection[]): string {
    return `{${this.#space()}${all.map((one) => this.#selection(one)).join(this.#gap())}}`
  }

  #selection(one: Selection): string {
    if (one.kind === 'spread') {
      return `...${this.#space()}${this.#name(one.fragment)}${this.#directives(one.directives)}`
    }
    const rest = this.#directives(one.directives)
    if (one.kind === 'inline') {
      const type = one.type === undefined ? '' : `on${this.#gap()}${one.type}`
      return `...${this.#space()}${type}${rest}${this.#braces(one.selections)}`
    }
    const alias = one.alias === undefined ? '' : `${one.alias}${this.#space()}:`
    const inner = one.selections.length === 0 ? '' : this.#braces(one.selections)
    return `${alias}${one.name}${this.#arguments(one.args)}${rest}${inner}`
  }

  #directives(all: readonly Directive[]): string {
    const texts = all.map((one) => `@${one.name}${this.#arguments(one.args)}`)
    return texts.map((one) => this.#space() + one).join('')
  }

  #arguments(all: readonly Named[]): string {
    return all.length === 0 ? '' : `${this.#space()}(${this.#named(all)})`
  }

  #named(all: readonly Named[]): string {
    const texts = this.#shuffled(all).map(
      (one) => `${one.name}${this.#space()}:${this.#space()}${this.#value(one.value)}`,
    )
    return texts.join(this.#gap())
  }

  #value(of: Value): string {
    switch (of.kind) {
      case 'word':
        return of.text
      case 'variable':
        return `$${of.text}`
      case 'string':
        return this.#flips() && fitsBlock(of.text) ? this.#block(of.text) : this.#quoted(of.text)
      case 'list':
        return `[${of.items.map((item) => this.#value(item)).join(this.#gap())}]`
      case 'object':
        return `{${this.#named(of.fields)}}`
    }
  }

  #block(content: string): string {
    const isOneLine = !content.includes('\n')
    // Of the first line alone the indentation stays.
    if (isOneLine && (/^[ \t]/.test(content) || this.#flips())) return `"""${content}"""`
    const indent = ' '.repeat(this.#random.uint32() % 4)
    const lines = content.split('\n').map((line) => indent + line)
    return `"""\n${lines.join('\n')}\n${indent}"""`
  }

  #quoted(content: string): string {
    const chars = Array.from(content, (char) => {
      const escaped = JSON.stringify(char).slice(1, -1)
      if (!this.#flips()) return escaped
      if (this.#flips()) return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
      const units = Array.from({ length: char.length }, (_, at) => char.charCodeAt(at))
      return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
    })
    return `"${chars.join('')}"`
  }

  #name(fragmentIndex: number): string {
    return this.#fragmentNames[fragmentIndex] ?? ''
  }

  #space(): string {
    return this.#flips() ? '' : this.#gap()
  }

  #gap(): string {
    return SPACES[this.#random.uint32() % SPACES.length] ?? ' '
  }

  #flips(): boolean {
    return this.#random.next() < 0.5
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: this.#random.next() }))
    return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item)
  }
}

/** Whether a block string of any indentation has this value: see `BlockStringValue` in the specification. */
function fitsBlock(content: string): boolean {
  if (/["\\]/.test(content)) return false
  const lines = content.split('\n')
  const isBlank = (line: string | undefined) => /^[ \t]*$/.test(line ?? '')
  if (isBlank(lines[0]) || isBlank(lines.at(-1))) return false
  return lines.length === 1 || lines.some((line) => !/^[ \t]/.test(line) && line !== '')
}
