import { describe, expect, it } from 'vitest'
import { operationOf } from '../../../support/prepare.ts'

describe('readOperation', () => {
  it('tells kind and name', () => {
    expect(operationOf('{ a }')).toMatchObject({ kind: 'query', name: undefined })
    expect(operationOf('mutation M { a }')).toMatchObject({ kind: 'mutation', name: 'M' })
    expect(operationOf('subscription S { a }')).toMatchObject({ kind: 'subscription', name: 'S' })
  })

  it('takes the word mutation inside a query for what it is', () => {
    expect(operationOf('query mutation { mutation(a: "mutation {") }').kind).toBe('query')
  })

  it('reads the chosen operation of several', () => {
    const query = 'query A { a } mutation B { b { c } }'
    expect(operationOf(query, { operationName: 'A' })).toMatchObject({ kind: 'query', nodes: 0 })
    expect(operationOf(query, { operationName: 'B' })).toMatchObject({ kind: 'mutation', nodes: 1 })
  })

  it('tells the defaults of variables', () => {
    const query = 'query ($a: Int = 1, $b: [T!] = [{c: null}], $d: Int) { x(a: $a, b: $b, d: $d) }'
    expect(operationOf(query).variableDefaults).toEqual(
      new Map<string, unknown>([
        ['a', { kind: 'scalar', text: '1' }],
        [
          'b',
          {
            kind: 'list',
            items: [{ kind: 'object', fields: new Map([['c', { kind: 'scalar', text: 'null' }]]) }],
          },
        ],
      ]),
    )
  })

  it('has a digest of 256 bits', () => {
    expect(operationOf('{ a }').digest).toMatch(/^[\w-]{43}$/)
  })

  it('has a family digest that does not depend on the name', () => {
    const [a, b, other] = ['query A { a }', 'query B { a }', 'query A { b }'].map((query) =>
      operationOf(query),
    )
    expect(a?.familyDigest).toBe(b?.familyDigest)
    expect(a?.digest).not.toBe(b?.digest)
    expect(a?.familyDigest).not.toBe(other?.familyDigest)
  })

  it('does not share the key of a block string that Hasura reads with its carriage return', () => {
    const digests = ['{ a(b: """c\nd""") }', '{ a(b: """c\r\nd""") }', '{ a(b: """c\rd""") }'].map(
      (query) => operationOf(query).digest,
    )
    expect(new Set(digests).size).toBe(3)
  })

  it('tells operations of one such document apart, and not the names in its family', () => {
    const query = 'query A { a(b: """c\r\nd""") } query B { a(b: """c\r\nd""") }'
    const a = operationOf(query, { operationName: 'A' })
    const b = operationOf(query, { operationName: 'B' })
    expect(a.digest).not.toBe(b.digest)
    expect(a.digest).not.toBe(a.familyDigest)
  })
})
