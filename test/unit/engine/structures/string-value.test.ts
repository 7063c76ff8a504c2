import { describe, expect, it } from 'vitest'
import { type StringForm, stringEncoding } from '../../../../src/engine/structures/string-value.ts'

const encoding = (text: string, form: StringForm = 'given') =>
  stringEncoding(Buffer.from(text), 0, Buffer.byteLength(text), form)

describe('stringEncoding', () => {
  it.each([
    ['0', 'int'],
    ['-1', 'int'],
    ['9223372036854775807', 'int'],
    ['9223372036854775808', 'embstr'],
    ['-9223372036854775808', 'int'],
    ['-9223372036854775809', 'embstr'],
    ['12345678901234567890', 'embstr'],
    ['', 'embstr'],
    ['-', 'embstr'],
    ['-0', 'embstr'],
    ['01', 'embstr'],
    ['+1', 'embstr'],
    [' 1', 'embstr'],
    ['1.0', 'embstr'],
    ['x'.repeat(44), 'embstr'],
    ['x'.repeat(45), 'raw'],
  ])('calls %j %s', (text, expected) => expect(encoding(text)).toBe(expected))

  it('calls raw whatever APPEND or SETRANGE made', () =>
    expect(encoding('1', 'changed')).toBe('raw'))

  it('looks for no integer in what INCRBYFLOAT printed', () =>
    expect(encoding('1', 'printed')).toBe('embstr'))
})
