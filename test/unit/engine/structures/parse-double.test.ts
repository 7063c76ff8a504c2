import { describe, expect, it } from 'vitest'
import { parseDouble, parseLenientDouble } from '../../../../src/engine/structures/parse-double.ts'

function parsed(text: string): number {
  const bytes = Buffer.from(`>${text}<`, 'latin1')
  return parseDouble(bytes, 1, bytes.length - 2)
}

function lenient(text: string): number {
  const bytes = Buffer.from(`>${text}<`, 'latin1')
  return parseLenientDouble(bytes, 1, bytes.length - 2)
}

describe('parseDouble', () => {
  it.each([
    ['0', 0],
    ['-0', -0],
    ['007', 7],
    ['+5', 5],
    ['3.', 3],
    ['.5', 0.5],
    ['-.5', -0.5],
    ['0.1', 0.1],
    ['123456789012345', 123_456_789_012_345],
    ['1234567890123456', 1_234_567_890_123_456],
    ['0.123456789012345678', 0.12345678901234568],
    ['1e3', 1_000],
    ['1E-2', 0.01],
    ['0x10', 16],
    ['-0x1.8p1', -3],
    ['0x.8', 0.5],
    ['inf', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['4.9e-324', 5e-324],
    ['0e999', 0],
    ['1.7976931348623157e308', Number.MAX_VALUE],
  ])('reads %s', (text, value) => expect(parsed(text)).toBe(value))

  it.each([
    '',
    '-',
    '.',
    '1.2.3',
    '1e',
    'e5',
    ' 1',
    '1 ',
    'nan',
    '1x',
    '0x',
    '0xp1',
    'infin',
    '1e309',
    '-1e309',
    '1e-400',
    '1\0',
  ])('refuses %j', (text) => expect(parsed(text)).toBeNaN())
})

describe('parseLenientDouble', () => {
  it.each([
    ['', 0],
    ['\0x', 0],
    [' 1', 1],
    ['\t-2.5', -2.5],
    ['1\0x', 1],
    ['1e400', Number.POSITIVE_INFINITY],
    ['-1e400', Number.NEGATIVE_INFINITY],
    ['1e-400', 0],
  ])('reads %j', (text, value) => expect(lenient(text)).toBe(value))

  it.each([' ', '1 ', 'x', 'nan', '- 1'])('refuses %j', (text) => expect(lenient(text)).toBeNaN())
})
