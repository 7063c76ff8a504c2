import { describe, expect, it } from 'vitest'
import { describeFlags, parseFlags, repeatedValues } from '../../../src/cli/flags.ts'

const FLAGS = [
  { name: 'port', value: 'PORT', doc: 'Where to listen.' },
  { name: 'admin-port', value: 'PORT', doc: 'Where to tell.' },
]

describe('parseFlags', () => {
  it('reads a value after a space or an equals sign', () => {
    expect([...parseFlags(['--port', '1', '--admin-port=2'], FLAGS)]).toEqual([
      ['port', '1'],
      ['admin-port', '2'],
    ])
  })

  it('keeps each value of a flag that may be given several times', () => {
    const header = { name: 'header', value: 'NAME=VALUE', isRepeatable: true, doc: '' }
    const flags = parseFlags(['--header', 'a=1', '--header=b=2', '--header', 'a=1'], [header])
    expect(repeatedValues(flags.get('header'))).toEqual(['a=1', 'b=2', 'a=1'])
    expect(repeatedValues(flags.get('other'))).toEqual([])
  })

  it.each([
    [['--prot', '1'], 'unknown flag --prot; did you mean --port?'],
    [['--verbose'], 'unknown flag --verbose'],
    [['-p', '1'], 'unknown flag -p'],
    [['--port'], '--port needs a value'],
    [['--port='], '--port needs a value'],
    [['--port', '1', '--port', '2'], '--port is given twice'],
    [['8000'], 'unexpected argument "8000"'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseFlags(argv, FLAGS)).toThrow(message)
  })
})

describe('describeFlags', () => {
  it('lines the texts up', () => {
    expect(describeFlags(FLAGS)).toBe(
      '  --port PORT        Where to listen.\n  --admin-port PORT  Where to tell.',
    )
  })
})
