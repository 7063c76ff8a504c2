import { describe, expect, it } from 'vitest'
import { describeFlags, parseFlags } from '../../../src/cli/flags.ts'

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
