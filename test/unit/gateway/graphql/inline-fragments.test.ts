import { describe, expect, it } from 'vitest'
import type { SelectedField } from '../../../../src/gateway/graphql/operation.ts'
import { operationOf, refusal } from '../../../support/prepare.ts'

/** Names and brackets only. */
function outline(fields: readonly SelectedField[]): string {
  const texts = fields.map(({ name, selections }) =>
    selections.length === 0 ? name : `${name}{${outline(selections)}}`,
  )
  return texts.join(' ')
}

function sizes(query: string): { depth: number; nodes: number } {
  const { depth, nodes } = operationOf(query)
  return { depth, nodes }
}

/** Fragments of which each spreads the next one `times` times. */
function bomb(count: number, times: number): string {
  const fragments = Array.from({ length: count }, (_, index) => {
    const next = index === count - 1 ? 'x ' : `...f${index + 1} `
    return `fragment f${index} on T { ${next.repeat(times)} }`
  })
  return `{ a { ...f0 } } ${fragments.join(' ')}`
}

describe('the fields of an operation', () => {
  it('stand in their order, with fragments in place', () => {
    const query = `
      { a ...F b { ... on T { c ...G } ... { d } } ...F }
      fragment F on T { e { ...G } }
      fragment G on T { f }`
    expect(outline(operationOf(query).rootFields)).toBe('a e{f} b{c f d} e{f}')
  })

  it('are of both branches of @skip and @include', () => {
    const query =
      'query ($x: Boolean!) { a @skip(if: $x) ... @include(if: false) { b } ...F @skip(if: true) } fragment F on T { c }'
    expect(outline(operationOf(query).rootFields)).toBe('a b c')
  })

  it('have the name of the field, not of its alias', () => {
    expect(outline(operationOf('{ x: a { y: b } }').rootFields)).toBe('a{b}')
  })

  it('have their arguments, with variables in them', () => {
    const query =
      '{ a(b: $v, c: {d: [1, $w, null], e: SOME, f: "s", g: true, h: 1.50, i: """t"""}, j: []) }'
    expect(operationOf(query).rootFields[0]?.arguments).toEqual(
      new Map<string, unknown>([
        ['b', { kind: 'variable', name: 'v' }],
        [
          'c',
          {
            kind: 'object',
            fields: new Map<string, unknown>([
              [
                'd',
                {
                  kind: 'list',
                  items: [
                    { kind: 'scalar', text: '1' },
                    { kind: 'variable', name: 'w' },
                    { kind: 'scalar', text: 'null' },
                  ],
                },
              ],
              ['e', { kind: 'scalar', text: 'SOME' }],
              ['f', { kind: 'scalar', text: 's' }],
              ['g', { kind: 'scalar', text: 'true' }],
              ['h', { kind: 'scalar', text: '1.50' }],
              ['i', { kind: 'scalar', text: 't' }],
            ]),
          },
        ],
        ['j', { kind: 'list', items: [] }],
      ]),
    )
  })

  it('have both values of an argument or an object field that is given twice', () => {
    const both = {
      kind: 'list',
      items: [
        { kind: 'scalar', text: '1' },
        { kind: 'variable', name: 'v' },
      ],
    }
    const query = '{ a(b: 1, b: $v) c(d: {__proto__: 1, __proto__: $v}) }'
    const [a, c] = operationOf(query).rootFields
    expect(a?.arguments.get('b')).toEqual(both)
    expect(c?.arguments.get('d')).toEqual({
      kind: 'object',
      fields: new Map([['__proto__', both]]),
    })
  })
})

describe('depth and nodes', () => {
  it.each([
    ['{ viewer }', 0, 0],
    ['{ viewer { name } }', 1, 1],
    ['{ viewer { albums { title } } }', 2, 2],
    ['{ author { name articles { id } } homepage_entries { x } }', 2, 3],
    [
      '{ viewer { albums { ...f } } } fragment f on A { songs { ...g } } fragment g on S { id }',
      3,
      3,
    ],
    ['{ viewer { ... { ... on V { albums { id } } } } }', 2, 2],
    ['{ a { ...f } b { ...f } } fragment f on T { c { d } }', 2, 4],
    ['{ ...f ...f ...f } fragment f on T { c { d } }', 1, 3],
    ['{ a { b } } fragment unused on T { c { d { e } } }', 1, 1],
    ['query A { a { b { c } } }', 2, 2],
    ['{ __typename }', 0, 0],
  ])('of %s', (query, depth, nodes) => {
    expect(sizes(query)).toEqual({ depth, nodes })
  })

  it('do not count introspection', () => {
    const query =
      '{ __schema { types { fields { type { name } } } } __type(name: "T") { name } a { b } }'
    expect(sizes(query)).toEqual({ depth: 1, nodes: 1 })
  })

  it('count a field of any other name that looks like introspection', () => {
    expect(sizes('{ __table { a { b } } }')).toEqual({ depth: 2, nodes: 2 })
  })

  it.each([
    ['{a{b{c{d}}}}', 3],
    ['{a{...f}} fragment f on T{b{...g}} fragment g on T{c{d}}', 3],
    ['{a{...{b{...on T{c{d}}}}}}', 3],
  ])('have a limit of depth: %s', (query, depth) => {
    expect(operationOf(query, { depthMax: depth }).depth).toBe(depth)
    expect(refusal(() => operationOf(query, { depthMax: depth - 1 }))).toEqual({
      code: 'depth-limit-exceeded',
      message: `depth limit of ${depth - 1} exceeded`,
      path: '$',
    })
  })

  it.each([
    ['{a{x}b{x}c{x}}', 3],
    ['{...f...f...f} fragment f on T{a{x}}', 3],
  ])('have a limit of nodes: %s', (query, nodes) => {
    expect(operationOf(query, { nodesMax: nodes }).nodes).toBe(nodes)
    expect(refusal(() => operationOf(query, { nodesMax: nodes - 1 }))).toEqual({
      code: 'node-limit-exceeded',
      message: `node limit of ${nodes - 1} exceeded`,
      path: '$',
    })
  })

  it('let fragments spread to as many fields as a document could have tokens', () => {
    // 2^5 leaves and their parent, in a document of 64 tokens.
    const query = bomb(5, 2)
    const leaves = Array.from({ length: 32 }, () => 'x').join(' ')
    expect(outline(operationOf(query, { tokensMax: 64 }).rootFields)).toBe(`a{${leaves}}`)
    expect(refusal(() => operationOf(bomb(7, 2), { tokensMax: 100 }))).toEqual({
      code: 'node-limit-exceeded',
      message: 'more than 100 fields',
      path: '$',
    })
  })

  it('refuse fragments that would spread to 2^30 fields and to 10^300, without building them', () => {
    expect(refusal(() => operationOf(bomb(30, 2))).code).toBe('node-limit-exceeded')
    const deep = { depthMax: 500, tokensMax: 10_000 }
    expect(refusal(() => operationOf(bomb(300, 10), deep)).code).toBe('node-limit-exceeded')
  })

  it('refuse a chain of fragments that is deeper than the stack may be', () => {
    expect(refusal(() => operationOf(bomb(150, 1))).code).toBe('depth-limit-exceeded')
  })
})

describe('aliases and directives', () => {
  it.each([
    ['{ a { b } }', 0],
    ['{ x: a { y: b c } }', 2],
    ['{ ...f ...f } fragment f on T { x: a }', 2],
    ['{ x: __schema { y: types { z: name } } }', 3],
    ['{ a } fragment unused on T { x: a }', 0],
  ])('of %s: as many aliases as fields have one', (query, aliases) => {
    expect(operationOf(query).aliases).toBe(aliases)
  })

  it.each([
    ['{ a }', 0],
    ['query ($v: Int @x) @y { a @x @y { b @x } ... @x { c } }', 6],
    ['{ ...f @x ...f } fragment f on T @y { a @z }', 5],
    ['{ __type(name: "T") @x { name @y } }', 2],
  ])('of %s: as many directives', (query, directives) => {
    expect(operationOf(query).directives).toBe(directives)
  })

  it.each([
    ['alias', '{ x: a y: b }', { aliasesMax: 2 }, { aliasesMax: 1 }],
    ['alias', '{ ...f ...f } fragment f on T { x: a }', { aliasesMax: 2 }, { aliasesMax: 1 }],
    ['directive', '{ a @x @y }', { directivesMax: 2 }, { directivesMax: 1 }],
    ['root field', '{ a b c: a }', { rootFieldsMax: 3 }, { rootFieldsMax: 2 }],
    [
      'root field',
      '{ ...f ...f } fragment f on T { a }',
      { rootFieldsMax: 2 },
      { rootFieldsMax: 1 },
    ],
  ])('have a limit of %ss: %s', (what, query, enough, tooFew) => {
    expect(() => operationOf(query, enough)).not.toThrow()
    const [max = 0] = Object.values(tooFew)
    expect(refusal(() => operationOf(query, tooFew))).toEqual({
      code: `${what.replace(' ', '-')}-limit-exceeded`,
      message: `${what} limit of ${max} exceeded`,
      path: '$',
    })
  })

  it.each([
    ['{ a }', undefined],
    ['{ __typename a { __typename } }', undefined],
    ['{ x: __schema { types { name } } }', '__schema'],
    [
      '{ ...f } fragment f on T { ... { a { ...g } } } fragment g on T { __type(name: "T") { name } }',
      '__type',
    ],
    ['{ _service { sdl } }', '_service'],
    ['{ __schemas __types { a } }', undefined],
  ])('of %s: the schema is asked for by %s', (query, field) => {
    expect(operationOf(query).introspected).toBe(field)
  })
})

describe('fragments', () => {
  it.each([
    ['{ ...x }', '"x"', '$.selectionSet'],
    ['{ a { b { ...x } } }', '"x"', '$.selectionSet.a.selectionSet.b.selectionSet'],
    ['{ a { ... on T { ...x } } }', '"x"', '$.selectionSet.a.selectionSet'],
    [
      '{ ...f } fragment f on T { a { ...x } }',
      '"x"',
      '$.selectionSet.f.selectionSet.a.selectionSet',
    ],
    ['{ a { ...f } ...x } fragment f on T { b { c } }', '"x"', '$.selectionSet'],
    ['{ ...__proto__ }', '"__proto__"', '$.selectionSet'],
  ])('that do not exist are refused: %s', (query, name, path) => {
    expect(refusal(() => operationOf(query))).toEqual({
      code: 'validation-failed',
      message: `reference to undefined fragment ${name}`,
      path,
    })
  })

  it.each([
    ['{ ...a } fragment a on T { ...a }', '"a"'],
    ['{ ...a } fragment a on T { x { ...b } } fragment b on T { ...a }', '"a" and "b"'],
    [
      '{ ...a } fragment a on T { ...b } fragment b on T { ... { ...c } } fragment c on T { ...b }',
      '"b" and "c"',
    ],
    [
      '{ ...a } fragment a on T { ...b } fragment b on T { ...c } fragment c on T { ...a }',
      '"a", "b", and "c"',
    ],
  ])('that form a cycle are refused: %s', (query, names) => {
    expect(refusal(() => operationOf(query))).toMatchObject({
      code: 'validation-failed',
      message: `the fragment definition(s) ${names} form a cycle`,
    })
  })

  it('that nothing reaches are not looked into', () => {
    const query = '{ a } fragment f on T { ...f ...missing }'
    expect(outline(operationOf(query).rootFields)).toBe('a')
  })

  it('that are spread twice form no cycle', () => {
    const query = '{ ...f b { ...f } } fragment f on T { ...g ...g } fragment g on T { a }'
    expect(outline(operationOf(query).rootFields)).toBe('a a b{a a}')
  })
})
