import { describe, expect, it } from 'vitest'
import { operationOf } from '../../../support/prepare.ts'

function digest(query: string, operationName?: string): string {
  return operationOf(query, operationName === undefined ? {} : { operationName }).digest
}

/** Two ways to write one operation; the third is the name to select in either. */
const EQUAL: readonly (readonly [string, string, string])[] = [
  ['white space', '{a{b c}}', '\n {\t a  { b\r\n c }\n}\n'],
  ['commas', '{ a(x: 1, y: [1, 2]) b, c }', '{ a(x: 1 y: [1 2],,) ,b c }'],
  ['comments', '{ a b }', '# one\n{ a # two }\n b\r#three\n }'],
  ['a byte order mark', '{ a }', '\ufeff{ a }'],
  ['the word query', '{ a }', 'query { a }'],
  ['the order of arguments', '{ a(x: 1, y: 2) }', '{ a(y: 2, x: 1) }'],
  ['the order of a directive’s arguments', '{ a @d(x: 1, y: 2) }', '{ a @d(y: 2, x: 1) }'],
  [
    'the order of an object’s fields',
    '{ a(w: {x: 1, y: {z: 2, v: 3}}) }',
    '{ a(w: {y: {v: 3, z: 2}, x: 1}) }',
  ],
  [
    'the order of an object’s fields in a default',
    'query ($a: T = {x: 1, y: 2}) { a(b: $a) }',
    'query ($a: T = {y: 2, x: 1}) { a(b: $a) }',
  ],
  [
    'the order of variable definitions',
    'query ($a: Int, $b: [Int!]! = [1]) { a(x: $a, y: $b) }',
    'query ($b: [Int!]! = [1], $a: Int) { a(x: $a, y: $b) }',
  ],
  ['how a string is quoted', '{ a(x: "b c") }', '{ a(x: """b c""") }'],
  [
    'how a block string is indented',
    '{ a(x: "b\\n  c") }',
    '{ a(x: """\n      b\n        c\n   """) }',
  ],
  ['escapes', String.raw`{ a(x: "\u0041\/\u{e9}") }`, '{ a(x: "A/é") }'],
  ['surrogate pairs', String.raw`{ a(x: "\ud83d\ude00") }`, '{ a(x: "😀") }'],
  [
    'names of fragments',
    '{ ...f b { ...g } } fragment f on T { a } fragment g on U { c ...f }',
    '{ ...x b { ...f } } fragment x on T { a } fragment f on U { c ...x }',
  ],
  [
    'where fragments stand',
    'fragment f on T { a } query { ...f }',
    'query { ...f } fragment f on T { a }',
  ],
  ['unused fragments', '{ a }', '{ a } fragment f on T { b ...g } fragment g on U { c }'],
  [
    'other operations',
    'query A { a }',
    'query A { a } mutation B { b } query C($x: Int) { c(x: $x) }',
  ],
  ['the order of operations', 'query A { a } query B { b }', 'query B { b } query A { a }'],
  ['@cached', 'query A { a }', 'query A @cached(ttl: 5, refresh: true) { a }'],
  ['@cached among others', 'query A @x @y { a }', 'query A @x @cached @y { a }'],
]

const DIFFERENT: readonly (readonly [string, string, string])[] = [
  ['the kind of operation', 'query A { a }', 'mutation A { a }'],
  ['a subscription', 'query A { a }', 'subscription A { a }'],
  ['the name of the operation', 'query A { a }', 'query B { a }'],
  ['an operation without a name', 'query A { a }', '{ a }'],
  ['a field', '{ a }', '{ b }'],
  ['the case of a field', '{ a }', '{ A }'],
  ['one more field', '{ a }', '{ a b }'],
  ['a field twice', '{ a }', '{ a a }'],
  ['the order of fields', '{ a b }', '{ b a }'],
  ['what a field is in', '{ a { b } c }', '{ a { b c } }'],
  ['an alias', '{ a }', '{ b: a }'],
  ['an alias of the same name', '{ a }', '{ a: a }'],
  ['two aliases', '{ x: a y: b }', '{ y: a x: b }'],
  ['an argument', '{ a }', '{ a(x: 1) }'],
  ['the name of an argument', '{ a(x: 1) }', '{ a(y: 1) }'],
  ['a literal', '{ a(x: 1) }', '{ a(x: 2) }'],
  ['swapped literals', '{ a(x: 1, y: 2) }', '{ a(x: 2, y: 1) }'],
  ['1 and 1.0', '{ a(x: 1) }', '{ a(x: 1.0) }'],
  ['1e2 and 100.0', '{ a(x: 1e2) }', '{ a(x: 100.0) }'],
  ['0 and -0', '{ a(x: 0) }', '{ a(x: -0) }'],
  ['big numbers', '{ a(x: 9007199254740992) }', '{ a(x: 9007199254740993) }'],
  ['a number and a string', '{ a(x: 1) }', '{ a(x: "1") }'],
  ['a boolean and a string', '{ a(x: true) }', '{ a(x: "true") }'],
  ['an enum value and a string', '{ a(x: asc) }', '{ a(x: "asc") }'],
  ['null and a string', '{ a(x: null) }', '{ a(x: "null") }'],
  ['null and nothing', '{ a(x: null) }', '{ a }'],
  ['null and nothing in an object', '{ a(x: {y: null}) }', '{ a(x: {}) }'],
  ['a variable and an enum value', 'query ($x: T) { a(x: $x) }', 'query ($x: T) { a(x: x) }'],
  ['a variable and a string', 'query ($x: T) { a(x: $x) }', 'query ($x: T) { a(x: "$x") }'],
  ['a variable and its literal', 'query ($x: Int = 1) { a(x: $x) }', '{ a(x: 1) }'],
  ['the name of a variable', 'query ($x: Int) { a(x: $x) }', 'query ($y: Int) { a(x: $y) }'],
  [
    'swapped variables',
    'query ($x: Int, $y: Int) { a(x: $x, y: $y) }',
    'query ($x: Int, $y: Int) { a(x: $y, y: $x) }',
  ],
  ['the type of a variable', 'query ($x: Int) { a(x: $x) }', 'query ($x: Int!) { a(x: $x) }'],
  ['the type of a list', 'query ($x: [Int]!) { a(x: $x) }', 'query ($x: [Int!]) { a(x: $x) }'],
  ['a default', 'query ($x: Int) { a(x: $x) }', 'query ($x: Int = 1) { a(x: $x) }'],
  ['null as a default', 'query ($x: Int) { a(x: $x) }', 'query ($x: Int = null) { a(x: $x) }'],
  ['an unused variable', 'query { a }', 'query ($x: Int) { a }'],
  ['the order of a list', '{ a(x: [1, 2]) }', '{ a(x: [2, 1]) }'],
  ['a list and its only item', '{ a(x: 1) }', '{ a(x: [1]) }'],
  ['an empty list and an empty object', '{ a(x: []) }', '{ a(x: {}) }'],
  ['nested lists', '{ a(x: [[1], 2]) }', '{ a(x: [1, [2]]) }'],
  ['a list and a string with a comma', '{ a(x: ["1", "2"]) }', '{ a(x: ["1,2"]) }'],
  ['a string with quotes', '{ a(x: "1", y: "2") }', String.raw`{ a(x: "1\",y:\"2") }`],
  ['the case of a string', '{ a(x: "b") }', '{ a(x: "B") }'],
  ['white space in a string', '{ a(x: "b c") }', '{ a(x: "b  c") }'],
  ['what looks like a comment in a string', '{ a(x: "b # c") }', '{ a(x: "b ") }'],
  ['forms of one letter', '{ a(x: "\u00e9") }', '{ a(x: "e\u0301") }'],
  ['a backslash', String.raw`{ a(x: "\\n") }`, String.raw`{ a(x: "\n") }`],
  ['a backslash in a block string', String.raw`{ a(x: """\n""") }`, String.raw`{ a(x: "\n") }`],
  ['an argument twice, in another order', '{ a(x: 1, x: 2) }', '{ a(x: 2, x: 1) }'],
  ['a directive', '{ a }', '{ a @d }'],
  ['the argument of a directive', '{ a @skip(if: true) }', '{ a @skip(if: false) }'],
  ['another directive', '{ a @skip(if: true) }', '{ a @include(if: true) }'],
  ['the order of directives', '{ a @d @e }', '{ a @e @d }'],
  ['where a directive stands', '{ a @d { b } }', '{ a { b @d } }'],
  ['a directive of the operation', 'query A { a }', 'query A @d { a }'],
  ['@cached on a field', '{ a { b } }', '{ a @cached { b } }'],
  ['a directive of a variable', 'query ($x: Int) { a }', 'query ($x: Int @d) { a }'],
  ['a fragment and its fields', '{ ...f } fragment f on T { a }', '{ a }'],
  ['a fragment and an inline one', '{ ...f } fragment f on T { a }', '{ ... on T { a } }'],
  ['the type of a fragment', '{ ...f } fragment f on T { a }', '{ ...f } fragment f on U { a }'],
  ['the type of an inline fragment', '{ ... on T { a } }', '{ ... { a } }'],
  [
    'a directive of a spread',
    '{ ...f } fragment f on T { a }',
    '{ ...f @d } fragment f on T { a }',
  ],
  [
    'a directive of a fragment',
    '{ ...f } fragment f on T { a }',
    '{ ...f } fragment f on T @d { a }',
  ],
  ['a directive of an inline fragment', '{ ... { a } }', '{ ... @d { a } }'],
  [
    'the order of spreads',
    '{ ...f ...g } fragment f on T { a } fragment g on T { b }',
    '{ ...g ...f } fragment f on T { a } fragment g on T { b }',
  ],
  [
    'which fragment is spread',
    '{ x { ...f } ...g ...f } fragment f on T { a } fragment g on T { b }',
    '{ x { ...g } ...g ...f } fragment f on T { a } fragment g on T { b }',
  ],
]

describe('the digest of an operation', () => {
  it.each(EQUAL)('does not depend on %s', (_, one, other) => {
    const name = one.startsWith('query A') ? 'A' : undefined
    expect(digest(other, name)).toBe(digest(one, name))
  })

  it.each(DIFFERENT)('depends on %s', (_, one, other) => {
    expect(digest(other)).not.toBe(digest(one))
  })

  it('is of the chosen operation', () => {
    const query = 'query A { a } query B { b }'
    expect(digest(query, 'A')).not.toBe(digest(query, 'B'))
    expect(digest(query, 'A')).toBe(digest('query A { a }'))
  })

  it('is of the fragments as the chosen operation reaches them', () => {
    const fragments = 'fragment f on T { a } fragment g on T { b }'
    const query = `query A { ...f ...g } query B { ...g ...f } ${fragments}`
    expect(digest(query, 'B')).toBe(digest(`query B { ...g ...f } ${fragments}`))
    expect(digest(query, 'B')).not.toBe(digest(`query B { ...f ...g } ${fragments}`))
  })
})
