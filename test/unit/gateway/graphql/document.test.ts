import { describe, expect, it } from 'vitest'
import { parseDocument } from '../../../../src/gateway/graphql/document.ts'
import { LIMITS, refusal } from '../../../support/prepare.ts'

const NOT_GRAPHQL = {
  code: 'validation-failed',
  message: 'not a valid graphql query',
  path: '$.query',
}

describe('parseDocument', () => {
  it('finds operations and fragments', () => {
    const { operations, fragments } = parseDocument(
      'query A { a } fragment F on T { b } mutation B { c } fragment G on T { d }',
      LIMITS,
    )
    expect(operations.map(({ name }) => name?.value)).toEqual(['A', 'B'])
    expect([...fragments.keys()]).toEqual(['F', 'G'])
  })

  it.each([
    '',
    ' ',
    '# nothing',
    '{',
    '{}',
    '{ a',
    '{ a }}',
    'query { a',
    'query (a: Int) { a }',
    'queryA { a }',
    '{ a(b: 01) }',
    '{ a(b: 1.) }',
    '{ a(b: +1) }',
    '{ a(b: "x\ny") }',
    String.raw`{ a(b: "\x41") }`,
    '{ a(b: "x) }',
    "{ a(b: 'x') }",
    '{ a(b: """x) }',
    '{ ...on }',
    'fragment on on T { a } { a }',
    '{ a(b: "\ud800") }',
    '{ a # \ud800\n }',
    '{ a\u00a0b }',
    '{ a\u0000b }',
    'type T { a: Int } { a }',
    'schema { query: Q } { a }',
    'directive @d on QUERY',
    '"described" type T { a: Int }',
  ])('refuses %j', (text) => {
    expect(refusal(() => parseDocument(text, LIMITS))).toEqual(NOT_GRAPHQL)
  })

  it('counts tokens up to the limit', () => {
    const limits = { ...LIMITS, tokensMax: 5 }
    expect(parseDocument('{ a b c }', limits).tokenCount).toBe(5)
    expect(refusal(() => parseDocument('{ a b c d }', limits))).toEqual({
      code: 'token-limit-exceeded',
      message: 'token limit of 5 exceeded',
      path: '$.query',
    })
  })

  it.each([['\n'], ['\r'], ['\r\n#\r']])('counts lines up to the same limit: %j', (end) => {
    const limits = { ...LIMITS, tokensMax: 12 }
    const lines = (count: number): string => end.repeat(count / end.replace('#', '').length)
    expect(parseDocument(`{ a${lines(12)} }`, limits).tokenCount).toBe(3)
    expect(refusal(() => parseDocument(`{ a${lines(15)} }`, limits)).code).toBe(
      'token-limit-exceeded',
    )
  })

  it('does not count commas, white space and comments', () => {
    const text = '{ a,,, b # c d e f g h\n\n c }'
    expect(parseDocument(text, { ...LIMITS, tokensMax: 5 }).tokenCount).toBe(5)
  })

  it.each([
    ['directives', `{ a ${'@d '.repeat(10_000)} }`],
    ['aliases', `{ ${'a:b '.repeat(10_000)} }`],
    ['arguments', `{ a(${'b:1 '.repeat(10_000)}) }`],
    ['variables', `query(${'$a:Int '.repeat(10_000)}) { a }`],
    ['operations', 'query A{a}'.repeat(10_000)],
    ['tokens behind what is no GraphQL', `} ${'a '.repeat(10_000)}`],
  ])('refuses too many %s before it parses them', (_, text) => {
    expect(refusal(() => parseDocument(text, LIMITS)).message).toBe('token limit of 2000 exceeded')
  })

  it.each([
    ['fields', `${'{a'.repeat(100_000)}`],
    ['lists', `{ a(b: ${'['.repeat(100_000)}`],
    ['objects', `{ a(b: ${'{c:'.repeat(100_000)}`],
    ['types', `query($a: ${'['.repeat(100_000)}`],
    ['inline fragments', `{ ${'...{'.repeat(100_000)}`],
  ])('refuses %s that are nested too deep before it parses them', (_, text) => {
    const limits = { ...LIMITS, tokensMax: 1_000_000 }
    expect(refusal(() => parseDocument(text, limits))).toEqual({
      code: 'depth-limit-exceeded',
      message: 'depth limit of 20 exceeded',
      path: '$',
    })
  })

  it('lets brackets nest as deep as fields and arguments may together', () => {
    const limits = { ...LIMITS, depthMax: 3, jsonDepthMax: 2 }
    expect(() => parseDocument('{a{b{c(x:{y:1})}}}', limits)).not.toThrow()
    expect(refusal(() => parseDocument('{a{b{c(x:{y:[1]})}}}', limits)).code).toBe(
      'depth-limit-exceeded',
    )
  })

  it('counts the brackets that are open, not all', () => {
    const limits = { ...LIMITS, depthMax: 1, jsonDepthMax: 2 }
    expect(() => parseDocument(`{ ${'a(b: [1]) '.repeat(100)} }`, limits)).not.toThrow()
  })

  it('refuses two operations of one name', () => {
    expect(refusal(() => parseDocument('query A { a } mutation A { b }', LIMITS))).toEqual({
      code: 'validation-failed',
      message: 'multiple definitions for operation "A"',
      path: '$',
    })
  })

  it('refuses two fragments of one name, used or not', () => {
    const text = '{ a } fragment F on T { a } fragment F on T { b }'
    expect(refusal(() => parseDocument(text, LIMITS))).toEqual({
      code: 'parse-failed',
      message: 'multiple definitions for fragment "F"',
      path: '$',
    })
  })

  it('allows an operation and a fragment of one name', () => {
    expect(() => parseDocument('query F { ...F } fragment F on T { a }', LIMITS)).not.toThrow()
  })

  it('refuses a block string that ends elsewhere for Hasura, though nothing uses it', () => {
    const text = String.raw`query A { a } query B { b(c: """ "\""" """) }`
    expect(refusal(() => parseDocument(text, LIMITS))).toEqual({
      code: 'validation-failed',
      message: 'a block string has backslashes and quotes that GraphQL servers read differently',
      path: '$.query',
    })
    const usual = String.raw`{ b(c: """ \d \""" """) }`
    expect(() => parseDocument(usual, LIMITS)).not.toThrow()
  })

  it('marks a document with a carriage return in a block string', () => {
    expect(parseDocument('{ a(b: """c\r\nd""") }', LIMITS).isVerbatim).toBe(true)
    expect(parseDocument('{ a(b: """c\nd""")\r\n }', LIMITS).isVerbatim).toBe(false)
  })
})
