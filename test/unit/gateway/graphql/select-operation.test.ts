import { describe, expect, it } from 'vitest'
import { parseDocument } from '../../../../src/gateway/graphql/document.ts'
import { selectOperation } from '../../../../src/gateway/graphql/select-operation.ts'
import { LIMITS, refusal } from '../../../support/prepare.ts'

function select(text: string, operationName?: string) {
  const { operation, name } = selectOperation(parseDocument(text, LIMITS), operationName)
  return { operation, name: name?.value }
}

const NOT_ONE =
  'exactly one operation has to be present in the document when operationName is not specified'
const ANONYMOUS = 'operationName cannot be used when an anonymous operation exists in the document'

describe('selectOperation', () => {
  it.each([
    ['{ a }', undefined, 'query', undefined],
    ['query { a }', undefined, 'query', undefined],
    ['query A { a }', undefined, 'query', 'A'],
    ['fragment F on T { a } mutation A { a }', undefined, 'mutation', 'A'],
    ['query A { a }', 'A', 'query', 'A'],
    ['query A { a } mutation B { b } subscription C { c }', 'B', 'mutation', 'B'],
    ['query A { a } mutation B { b } subscription C { c }', 'C', 'subscription', 'C'],
  ])('in %j with name %j', (text, operationName, operation, name) => {
    expect(select(text, operationName)).toEqual({ operation, name })
  })

  it.each([
    ['fragment F on T { a }', undefined, NOT_ONE],
    ['query A { a } query B { b }', undefined, NOT_ONE],
    ['query A { a } mutation B { b }', undefined, NOT_ONE],
    ['{ a } { b }', undefined, NOT_ONE],
    ['{ a } query B { b }', undefined, NOT_ONE],
    ['{ a } query B { b }', 'B', ANONYMOUS],
    ['{ a }', 'A', ANONYMOUS],
    ['query { a } query B { b }', 'B', ANONYMOUS],
    ['query A { a }', 'B', 'no such operation found in the document: "B"'],
    ['query A { a }', 'a', 'no such operation found in the document: "a"'],
    ['query A { a } fragment F on T { b }', 'F', 'no such operation found in the document: "F"'],
    ['query A { a }', '__proto__', 'no such operation found in the document: "__proto__"'],
  ])('refuses in %j the name %j', (text, operationName, message) => {
    expect(refusal(() => select(text, operationName))).toEqual({
      code: 'validation-failed',
      message,
      path: '$',
    })
  })
})
