import fc from 'fast-check'
import { parse, print } from 'graphql'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/gateway/errors.ts'
import { cacheKeyDigest } from '../../../src/gateway/graphql/cache-key.ts'
import type { JsonValue } from '../../../src/gateway/graphql/operation.ts'
import { readOperation } from '../../../src/gateway/graphql/read-operation.ts'
import type { RequestLimits } from '../../../src/gateway/options.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import {
  type Directive,
  type Doc,
  documents,
  meaning,
  type Named,
  type Selection,
  type Value,
  write,
} from '../../support/graphql-documents.ts'
import { LIMITS, preparer } from '../../support/prepare.ts'

const WIDE: RequestLimits = {
  ...LIMITS,
  tokensMax: 100_000,
  depthMax: 500,
  nodesMax: 100_000,
  jsonDepthMax: 500,
}
const styles = fc.nat()

function digest(doc: Doc, style: number): string {
  return readOperation(write(doc, style), doc.name, WIDE).operation.digest
}

describe('the digest of an operation', () => {
  it('is the same however the operation is written', () => {
    const property = fc.property(documents, styles, styles, (doc, one, other) => {
      expect(digest(doc, other)).toBe(digest(doc, one))
    })
    fc.assert(property, { numRuns: 600 })
  })

  it('is the same after graphql-js has printed the document', () => {
    const property = fc.property(documents, styles, (doc, style) => {
      const text = write(doc, style)
      const printed = print(parse(text))
      expect(readOperation(printed, doc.name, WIDE).operation.digest).toBe(digest(doc, style))
    })
    fc.assert(property, { numRuns: 300 })
  })

  it('is another as soon as the operation means something else', () => {
    const property = fc.property(documents, styles, fc.nat(), (doc, style, choice) => {
      const changed = structuredClone(doc)
      const changes = changesOf(changed)
      changes[choice % changes.length]?.()
      // Of two equal neighbours the order does not matter, for example.
      fc.pre(meaning(changed) !== meaning(doc))
      expect(digest(changed, style)).not.toBe(digest(doc, style))
    })
    fc.assert(property, { numRuns: 1_500 })
  })

  it('is another for documents that mean different things, however alike', () => {
    const seen = new Map<string, string>()
    const property = fc.property(documents, styles, (doc, style) => {
      const key = digest(doc, style)
      expect(seen.get(key) ?? meaning(doc)).toBe(meaning(doc))
      seen.set(key, meaning(doc))
    })
    fc.assert(property, { numRuns: 600 })
  })
})

describe('readOperation', () => {
  const TOKENS = [
    ...Array.from('{}()[]:!=@$'),
    '...',
    'on',
    'query',
    'fragment',
    'a',
    'F',
    '1',
    '-1.5e3',
    '"s"',
    '"""b"""',
    '#c\n',
    ' ',
  ]
  const soup = fc
    .array(fc.constantFrom(...TOKENS), { maxLength: 40 })
    .map((tokens) => `{a${tokens.join(' ')}`)

  it('reads any text or refuses it, and fails in no other way', () => {
    const property = fc.property(fc.oneof(soup, fc.string()), (text) => {
      try {
        readOperation(text, undefined, LIMITS)
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    })
    fc.assert(property, { numRuns: 3_000 })
  })
})

describe('the key of a request', () => {
  const tinyText = fc.string({
    unit: fc.constantFrom('a', 'b', '1', ':', ',', '"', '\\'),
    maxLength: 4,
  })
  const json = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<Json>(null, true, false),
      fc.constantFrom('1', '1.0', '-0', '0', '1e1', '10').map((lexeme) => ({ lexeme })),
      tinyText,
      fc.array(tie('value'), { maxLength: 2 }),
      fc
        .dictionary(tinyText, tie('value'), { maxKeys: 2 })
        .map((object) => new Map(Object.entries(object))),
    ),
  })).value
  const variables = fc
    .dictionary(fc.constantFrom('a', 'b', '__proto__'), json, { maxKeys: 2 })
    .map((object) => new Map(Object.entries(object)))
  const session = fc.array(
    fc.tuple(
      fc.constantFrom('x-hasura-a', 'x-hasura-ab'),
      fc.option(fc.constantFrom('', '1', 'b1', '\ud800', '\ufffd'), { nil: undefined }),
    ),
    { maxLength: 2 },
  )
  const requests = fc.record({
    role: fc.constantFrom('user', 'users', 'manager'),
    session,
    variables,
    query: fc.constantFrom('{ a }', '{ b }', 'query ($a: T) { a(b: $a) }'),
  })

  function key(
    request: {
      role: string
      session: [string, string | undefined][]
      query: string
      variables: Json
    },
    style: number,
  ): string {
    const text = `{"query":${JSON.stringify(request.query)},"variables":${jsonText(request.variables, style)}}`
    const prepared = preparer().prepare(Buffer.from(text))
    if (prepared.kind !== 'single') throw new Error('it is a batch')
    const digestOfKey = cacheKeyDigest({
      operationDigest: prepared.operation.digest,
      variablesText: prepared.variablesText,
      role: request.role,
      sessionVariables: request.session,
      forwardedHeaders: [],
      metadataVersion: '',
    })
    return digestOfKey.toString('hex')
  }

  it('is equal exactly when role, session variables, variables and operation are', () => {
    const property = fc.property(
      requests,
      requests,
      fc.nat(),
      fc.nat(15),
      (one, other, style, mask) => {
        // Mostly alike: each part is taken from the one or the other.
        const mixed = {
          role: mask & 1 ? one.role : other.role,
          session: mask & 2 ? one.session : other.session,
          variables: mask & 4 ? one.variables : other.variables,
          query: mask & 8 ? one.query : other.query,
        }
        const isEqual = plainText(one) === plainText(mixed)
        expect(key(one, style) === key(mixed, style + 1)).toBe(isEqual)
      },
    )
    fc.assert(property, { numRuns: 1_500 })
  })
})

type Json = JsonValue

/** JSON with its keys in an order, and with spaces, that the style chooses. */
function jsonText(value: Json, style: number): string {
  const random = seededRandom(style)
  const space = () => (random.next() < 0.5 ? '' : ' \n')
  const text = (of: Json): string => {
    if (of instanceof Map) {
      const members = [...of].map(
        ([name, member]) => `${JSON.stringify(name)}${space()}:${space()}${text(member)}`,
      )
      if (random.next() < 0.5) members.reverse()
      return `{${space()}${members.join(`${space()},`)}}`
    }
    if (Array.isArray(of)) return `[${of.map(text).join(`,${space()}`)}]`
    if (typeof of === 'object' && of !== null && 'lexeme' in of) return of.lexeme
    return JSON.stringify(of)
  }
  return text(value)
}

/** One text per value, by means of JSON.stringify alone. */
function plainText(value: unknown): string {
  return JSON.stringify(value, (_, of: unknown) => {
    if (of instanceof Map) return { map: [...of].toSorted(([a], [b]) => (a < b ? -1 : 1)) }
    return of === undefined ? { absent: true } : of
  })
}

/** Everything that can be changed in the operation and the fragments it reaches, as functions that change it. */
function changesOf(doc: Doc): (() => void)[] {
  const changes: (() => void)[] = []
  const seen = new Set<number>()

  const inValue = (of: Value, replace: (by: Value) => void): void => {
    changes.push(() => replace({ kind: 'list', items: [of] }))
    if (of.kind === 'list') {
      changes.push(
        () => of.items.reverse(),
        () => of.items.push({ kind: 'word', text: 'null' }),
        () => of.items.pop(),
        () => replace({ kind: 'object', fields: [] }),
      )
      of.items.forEach((item, index) => inValue(item, (by) => (of.items[index] = by)))
    } else if (of.kind === 'object') {
      inNamed(of.fields)
    } else {
      changes.push(
        () => (of.text = of.kind === 'variable' ? 'u' : of.text === '1' ? '1.0' : '1'),
        () => (of.text = `${of.kind === 'string' ? of.text : ''}z`),
        () => replace({ kind: 'word', text: 'null' }),
        // The same text, of another kind.
        () =>
          replace({
            kind: of.kind === 'string' ? 'word' : 'string',
            text: of.kind === 'string' ? 'asc' : of.text,
          }),
      )
    }
  }
  const inNamed = (all: Named[]): void => {
    const fresh = ['z', 'y'].find((name) => all.every((one) => one.name !== name)) ?? 'z0'
    changes.push(() => all.push({ name: fresh, value: { kind: 'word', text: 'null' } }))
    all.forEach((one, index) => {
      changes.push(
        () => all.splice(index, 1),
        () => (one.name = fresh),
      )
      inValue(one.value, (by) => (one.value = by))
    })
    const [first, second] = all
    if (first === undefined || second === undefined) return
    // The value of one under the name of the other.
    changes.push(() => ([first.value, second.value] = [second.value, first.value]))
  }
  const inDirectives = (all: Directive[]): void => {
    changes.push(
      () => all.reverse(),
      () => all.push({ name: 'e', args: [] }),
      () => all.pop(),
    )
    for (const one of all) inNamed(one.args)
  }
  const inSelections = (all: Selection[]): void => {
    changes.push(
      () => all.reverse(),
      () =>
        all.push({
          kind: 'field',
          alias: undefined,
          name: 'z',
          args: [],
          directives: [],
          selections: [],
        }),
    )
    all.forEach((one, index) => {
      inDirectives(one.directives)
      if (one.kind === 'spread') {
        const { fragment } = one
        const inner = doc.fragments[fragment]
        if (inner === undefined || seen.has(fragment)) return
        seen.add(fragment)
        changes.push(() => (inner.type = 'U'))
        // In its place, what is in it.
        changes.push(() => all.splice(index, 1, ...inner.selections))
        inDirectives(inner.directives)
        inSelections(inner.selections)
        return
      }
      if (one.kind === 'inline') {
        changes.push(() => (one.type = one.type === 'U' ? undefined : 'U'))
        inSelections(one.selections)
        return
      }
      changes.push(
        () => (one.name = 'z'),
        () => (one.alias = one.alias === 'z' ? undefined : 'z'),
        () => (one.alias = one.alias === undefined ? one.name : undefined),
      )
      inNamed(one.args)
      if (one.selections.length > 0) inSelections(one.selections)
    })
  }

  changes.push(() => (doc.kind = doc.kind === 'query' ? 'mutation' : 'query'))
  changes.push(() => (doc.name = doc.name === undefined ? 'B' : `${doc.name}B`))
  for (const variable of doc.variables) {
    changes.push(
      () => (variable.type = variable.type === 'Int' ? 'Int!' : 'Int'),
      () => (variable.name = 'u'),
      () => (variable.value = variable.value ? undefined : { kind: 'word', text: 'null' }),
    )
    if (variable.value) inValue(variable.value, (by) => (variable.value = by))
  }
  inDirectives(doc.directives)
  inSelections(doc.selections)
  return changes
}
