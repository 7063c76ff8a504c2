import { describe, expect, it } from 'vitest'
import { fromJavaScript, parseJson, printJson, toJavaScript } from '../../../src/demo/json.ts'

describe('parseJson', () => {
  it.each([
    '0',
    '-0.10e+5',
    '12345678901234567890.10',
    '""',
    '"a\\"b\\\\c\\u00e9\\n"',
    '[]',
    '[1,[2,{}],null,true,false]',
    '{"a":{"b":[9007199254740993]},"":1}',
  ])('reads %s as JSON.parse does', (text) => {
    expect(toJavaScript(parseJson(text))).toEqual(JSON.parse(text))
  })

  it('keeps numbers as written', () => {
    const text = '{"a":[9007199254740993,1.50,-0,1E400]}'
    expect(printJson(parseJson(text))).toBe(text)
  })

  it('takes blanks anywhere between tokens', () => {
    expect(printJson(parseJson(' { "a" : [ 1 ,\n2 ] , "b":\t{ } } '))).toBe('{"a":[1,2],"b":{}}')
  })

  it('keeps the last of two equal keys', () => {
    expect(printJson(parseJson('{"a":1,"a":2}'))).toBe('{"a":2}')
  })

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    '{"a"}',
    '{a:1}',
    '01',
    '1.',
    '.5',
    '+1',
    '"\n"',
    '"\\x"',
    '"open',
    'nul',
    '1 2',
    '[1]]',
  ])('refuses %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError)
  })

  it('refuses nesting that would overflow the stack', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow(/nested deeper/)
  })

  it('reads a long string and a long list in one go', () => {
    const long = 'x'.repeat(2_000_000)
    expect(parseJson(JSON.stringify(long))).toBe(long)
    const list = JSON.stringify(Array.from({ length: 50_000 }, (_, index) => index))
    expect(printJson(parseJson(list))).toBe(list)
  })
})

describe('fromJavaScript', () => {
  it('turns plain values into the same JSON', () => {
    const value = { a: [1, 'x', true, null], b: { c: 1.5 } }
    expect(printJson(fromJavaScript(value))).toBe(JSON.stringify(value))
  })

  it('leaves what parseJson gave as it is', () => {
    const value = parseJson('{"n":12345678901234567890}')
    expect(printJson(fromJavaScript(value))).toBe('{"n":12345678901234567890}')
  })
})
