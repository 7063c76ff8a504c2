import { describe, expect, it } from 'vitest'
import { withoutSuggestions } from '../../../../src/gateway/limits/suggestions.ts'

const of = (text: string): string => withoutSuggestions(Buffer.from(text)).toString()
const errors = (message: string): string => JSON.stringify({ errors: [{ message }] })

describe('withoutSuggestions', () => {
  it.each([
    [
      'Cannot query field "a" on type "q". Did you mean "b", "c", or "d"?',
      'Cannot query field "a" on type "q".',
    ],
    ['Did you mean "b"?', ''],
    ['x Did you mean "a"? y Did you mean "b"? z', 'x  y  z'],
    ['x Did you mean "a', 'x'],
  ])('cuts %j', (message, rest) => {
    expect(of(errors(message))).toBe(errors(rest))
  })

  it('cuts in the errors of a WebSocket’s messages', () => {
    const suggesting = { message: 'No. Did you mean "b"?', path: ['a'] }
    const plain = { message: 'No.', path: ['a'] }
    for (const payload of [(error: object) => [error], (error: object) => ({ errors: [error] })]) {
      const message = (error: object) =>
        JSON.stringify({ id: '1', type: 'error', payload: payload(error) })
      expect(of(message(suggesting))).toBe(message(plain))
    }
  })

  it('leaves data alone, numbers to the letter, members in their order', () => {
    const data = '"data":{"z":"Did you mean \\"a\\"?","a":[1.50,9007199254740993,null,true]}'
    expect(of(`{${data},"errors":[{"message":"No. Did you mean b?","x":1e2}]}`)).toBe(
      `{${data},"errors":[{"message":"No.","x":1e2}]}`,
    )
  })

  it.each([
    '{"data":{"a":"Did you mean b?"},"errors":[]}',
    '{"data":{"a":1}}',
    '{"errors":[{"message":"No"}]}',
    '{"errors":[{"message":"Did you mean',
    'Did you mean',
  ])('gives the same bytes for %j', (text) => {
    const body = Buffer.from(text)
    expect(withoutSuggestions(body)).toBe(body)
  })

  it('takes errors of any shape', () => {
    const odd = '{"errors":["Did you mean",null,{"message":1},{}],"payload":1}'
    expect(of(odd)).toBe(odd)
  })
})
