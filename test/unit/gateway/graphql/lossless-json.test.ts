import { describe, expect, it } from 'vitest'
import { canonicalJson, parseJson } from '../../../../src/gateway/graphql/lossless-json.ts'
import { refusal } from '../../../support/prepare.ts'

const DEPTH_MAX = 20

function parse(text: string, depthMax = DEPTH_MAX) {
  return parseJson(Buffer.from(text), depthMax).value
}

function canonical(text: string): string {
  return canonicalJson(parse(text))
}

describe('parseJson', () => {
  it.each([
    ['null', null],
    ['true', true],
    ['false', false],
    ['""', ''],
    [' \t\r\n"a"\n', 'a'],
    [String.raw`"\"\\\/\b\f\n\r\t\u00e9"`, '"\\/\b\f\n\r\té'],
    [String.raw`"\ud83d\ude00"`, '😀'],
    ['"\u2028\u2029\u007f"', '\u2028\u2029\u007f'],
    ['[]', []],
    ['[ null , [ true ] ]', [null, [true]]],
    ['{}', new Map()],
    ['{ "a" : { "b" : [] } }', new Map([['a', new Map([['b', []]])]])],
  ])('reads %s', (text, value) => {
    expect(parse(text)).toEqual(value)
  })

  it.each([
    '0',
    '-0',
    '1',
    '1.0',
    '1e2',
    '1E+2',
    '-12.50e-3',
    '9007199254740993',
    '1e400',
    '123456789012345678901234567890.12345678901234567890',
  ])('keeps the number %s as it is written', (lexeme) => {
    expect(parse(lexeme)).toEqual({ lexeme })
  })

  it('takes __proto__, constructor and toString for keys like any other', () => {
    const value = parse('{"__proto__":{"polluted":true},"constructor":true,"toString":null}')
    expect(value).toEqual(
      new Map<string, unknown>([
        ['__proto__', new Map([['polluted', true]])],
        ['constructor', true],
        ['toString', null],
      ]),
    )
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('keeps a lone surrogate that is written as an escape', () => {
    expect(parse(String.raw`"\ud800"`)).toBe('\ud800')
  })

  it('tells where the items of a list at the top stand', () => {
    const { text, itemSpans } = parseJson(Buffer.from(' [ {"a": "é"} ,[1, 2], 3 ]'), DEPTH_MAX)
    expect(itemSpans.map(({ start, end }) => text.slice(start, end))).toEqual([
      '{"a": "é"}',
      '[1, 2]',
      '3',
    ])
  })

  it('tells of no items inside an object', () => {
    expect(parseJson(Buffer.from('{"a":[1]}'), DEPTH_MAX).itemSpans).toEqual([])
  })

  it.each([
    '01',
    '+1',
    '.5',
    '1.',
    '1e',
    '-',
    '0x10',
    'NaN',
    'Infinity',
    'nul',
    'truex',
    'True',
    "'a'",
    '"a',
    '"a\nb"',
    '"\u0000"',
    String.raw`"\x41"`,
    String.raw`"\u12"`,
    String.raw`"\u{41}"`,
    '[1,]',
    '[,1]',
    '[1 2]',
    '[',
    '{"a":1,}',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    '{1:1}',
    '{"a":1 "b":2}',
    '{} {}',
    '{}x',
    '// comment\n{}',
    '',
    ' ',
    '\ufeff{}',
    '\u00a0{}',
  ])('refuses %j', (text) => {
    expect(refusal(() => parse(text))).toMatchObject({ code: 'invalid-json', path: '$' })
  })

  it('says where it stopped', () => {
    expect(refusal(() => parse('{"a":tru}')).message).toBe('not JSON at character 5')
    expect(refusal(() => parse('{"a":')).message).toBe('the body ends in the middle of JSON')
  })

  it.each([
    ['a byte that no text has', [0x22, 0xff, 0x22]],
    ['a cut sequence', [0x22, 0xc3, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['an overlong quote', [0x22, 0xc0, 0xa2, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('refuses what is not UTF-8: %s', (_, bytes) => {
    expect(refusal(() => parseJson(Buffer.from(bytes), DEPTH_MAX))).toEqual({
      code: 'invalid-json',
      message: 'the body is not valid UTF-8',
      path: '$',
    })
  })

  it.each([
    ['{"a":1,"a":1}', '$.a'],
    ['{"a":{"b":1,"c":2,"b":3}}', '$.a.b'],
    ['[{},{"x y":1,"x y":2}]', "$[1]['x y']"],
    [String.raw`{"query":1,"quer\u0079":2}`, '$.query'],
    ['{"__proto__":1,"__proto__":2}', '$.__proto__'],
  ])('refuses two equal keys in one object: %s', (text, path) => {
    expect(refusal(() => parse(text))).toEqual({
      code: 'invalid-json',
      message: 'a key stands twice in one object',
      path,
    })
  })

  it('allows equal keys in two objects', () => {
    expect(() => parse('[{"a":1},{"a":{"a":2}}]')).not.toThrow()
  })

  it('allows as many levels as it is told and no more', () => {
    expect(() => parse('[[[]]]', 3)).not.toThrow()
    expect(() => parse('{"a":[{"b":1}]}', 3)).not.toThrow()
    expect(refusal(() => parse('[[[[]]]]', 3))).toEqual({
      code: 'invalid-json',
      message: 'lists and objects are nested deeper than 3 levels',
      path: '$',
    })
    expect(refusal(() => parse('{"a":{"b":{"c":{}}}}', 3)).code).toBe('invalid-json')
  })

  it('counts the levels that are open, not all', () => {
    expect(() => parse('[[],[],[],[[]],{}]', 3)).not.toThrow()
  })

  it('does not run out of stack on a deep text', () => {
    expect(refusal(() => parse('['.repeat(100_000), 100)).code).toBe('invalid-json')
  })
})

describe('canonicalJson', () => {
  it('does not depend on white space, escapes and the order of keys', () => {
    expect(canonical(String.raw`{ "b" : [ 1, "\u0061" ], "a" : { "d": null, "c": true } }`)).toBe(
      '{"a":{"c":true,"d":null},"b":[1,"a"]}',
    )
  })

  it('sorts keys by code unit', () => {
    expect(canonical('{"é":1,"z":2,"Z":3,"10":4,"9":5}')).toBe('{"10":4,"9":5,"Z":3,"z":2,"é":1}')
  })

  it.each([
    ['1', '1.0'],
    ['1', '"1"'],
    ['100', '1e2'],
    ['0', '-0'],
    ['9007199254740992', '9007199254740993'],
    ['null', '"null"'],
    ['true', '"true"'],
    ['[]', '{}'],
    ['[1,2]', '[2,1]'],
    ['[[1],2]', '[1,[2]]'],
    ['[1,2]', '["1,2"]'],
    ['{"a":null}', '{}'],
    ['{"a":"1","b":"2"}', '{"a":"1\\",\\"b\\":\\"2"}'],
    ['{"a":"1b:2"}', '{"a":"1","b":"2"}'],
    [String.raw`"\ud800"`, String.raw`"\ud801"`],
    [String.raw`"\ud800"`, '"\ufffd"'],
    [String.raw`"\ud800"`, String.raw`"\\ud800"`],
    ['"\u00e9"', '"e\u0301"'],
  ])('tells %s from %s', (one, other) => {
    expect(canonical(one)).not.toBe(canonical(other))
  })

  it('is JSON of the same value', () => {
    const text = String.raw`{"a":[1.50,-0,"x\n\ud800",{"__proto__":[]}],"b":null}`
    expect(parse(canonical(text))).toEqual(parse(text))
  })
})
