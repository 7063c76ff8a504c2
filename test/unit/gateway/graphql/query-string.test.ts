import { describe, expect, it } from 'vitest'
import { bodyOfQueryString } from '../../../../src/gateway/graphql/query-string.ts'
import { LIMITS, refusal } from '../../../support/prepare.ts'

const bodyOf = (query: string): string =>
  bodyOfQueryString(`/v1/graphql${query}`, LIMITS).toString()

describe('bodyOfQueryString', () => {
  it('makes the POST that asks the same, its keys sorted and numbers as they were written', () => {
    const variables = encodeURIComponent('{"b": 9007199254740993, "a": 1.0}')
    expect(bodyOf(`?query=%7Ba%7D&operationName=A&variables=${variables}`)).toBe(
      '{"operationName":"A","query":"{a}","variables":{"a":1.0,"b":9007199254740993}}',
    )
  })

  it('leaves out what is absent, empty or null', () => {
    expect(bodyOf('?query={a}&operationName=&variables=null&extensions=')).toBe('{"query":"{a}"}')
    expect(bodyOf('')).toBe('{}')
  })

  it('reads a plus as a space and keeps an equals sign of a value', () => {
    expect(bodyOf('?query={a+b(c:"d=e")}')).toBe('{"query":"{a b(c:\\"d=e\\")}"}')
  })

  it('takes the name of a document and ignores other parameters', () => {
    expect(bodyOf('?documentId=sha256:ab&x=1&x=2')).toBe('{"documentId":"sha256:ab"}')
  })

  it.each([
    ['?query={a}&query={b}', 'query stands twice in the query string'],
    ['?query={a}&qu%65ry={b}', 'query stands twice in the query string'],
    ['?query=%FF', 'the query string is not valid UTF-8'],
    ['?variables=[1]', 'variables is not a JSON object'],
    ['?extensions=1', 'extensions is not a JSON object'],
    ['?variables={"a":1,"a":2}', 'a key stands twice in one object'],
    ['?variables={', 'the body ends in the middle of JSON'],
  ])('refuses %s', (query, message) => {
    expect(refusal(() => bodyOf(query)).message).toBe(message)
  })
})
