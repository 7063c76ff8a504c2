import { describe, expect, it } from 'vitest'
import type { CommandSpec } from '../../../../src/engine/execution/command.ts'
import { Command } from '../../../../src/engine/execution/command.ts'
import {
  findKeys,
  KeyPositions,
  mayHaveKeys,
} from '../../../../src/engine/execution/command-keys.ts'
import { migrateKeys, sortKeys } from '../../../../src/engine/execution/key-extractors.ts'
import {
  countedKeys,
  type KeySpec,
  keyAfter,
  keyAt,
  keyRange,
  keysAfter,
  keysFrom,
  legacyKeysOf,
  unknownKeys,
} from '../../../../src/engine/execution/key-spec.ts'
import { ArgumentVector } from '../../../../src/engine/protocol/argument-vector.ts'

function keysOf(spec: Pick<CommandSpec, 'keySpecs' | 'extractKeys'>, line: string): string[] {
  const command = new Command({
    name: 'test',
    group: 'generic',
    since: '1.0.0',
    summary: '',
    arity: -1,
    flags: [],
    run: () => undefined,
    ...spec,
  })
  const argv = new ArgumentVector()
  argv.load(line.split(' ').map((word) => (word === '""' ? '' : word)))
  const keys = new KeyPositions()
  findKeys(command, { argv, offset: 0 }, keys)
  return Array.from({ length: keys.count }, (_, index) => argv.latin1(keys.position(index)))
}

describe('key specifications', () => {
  it.each<[string, readonly KeySpec[], string, string[]]>([
    ['one key', [keyAt(1, 'RO')], 'GET a b', ['a']],
    ['a key that is missing', [keyAt(2, 'RO')], 'GET a', []],
    ['keys to the end', [keysFrom(1, 'RO')], 'DEL a b c', ['a', 'b', 'c']],
    ['keys but the last argument', [keyRange(1, { last: -2 }, 'RW')], 'BLPOP a b 0', ['a', 'b']],
    ['every second', [keyRange(1, { last: -1, step: 2 }, 'OW')], 'MSET a 1 b 2', ['a', 'b']],
    ['counted keys', [countedKeys(2, 'RO')], 'EVAL x 2 a b c', ['a', 'b']],
    ['a count of nothing', [countedKeys(2, 'RO')], 'EVAL x 0 a', []],
    ['a count that is too large', [countedKeys(2, 'RO')], 'EVAL x 2 a', []],
    ['a count that is none', [countedKeys(2, 'RO')], 'EVAL x y a', []],
    ['a key behind a word', [keyAfter('STORE', 2, 'OW')], 'GEO a store b', ['b']],
    ['a word that is not there', [keyAfter('STORE', 2, 'OW')], 'GEO a b c', []],
    ['a word before its place', [keyAfter('STORE', 3, 'OW')], 'GEO a STORE b c', []],
    [
      'half of what follows a word',
      [keysAfter({ keyword: 'STREAMS', startFrom: 1, limit: 2 }, 'RO')],
      'XREAD COUNT 1 STREAMS a b 0 0',
      ['a', 'b'],
    ],
    [
      'a word looked for from the end',
      [keysAfter({ keyword: 'KEYS', startFrom: -2 }, 'RW')],
      'MIGRATE h p x 0 0 KEYS a b',
      ['a', 'b'],
    ],
    ['several of them', [keyAt(2, 'RO'), keyAt(1, 'OW')], 'COPY a b', ['b', 'a']],
    ['what is no key', [keyAt(1, 'not_key')], 'SPUBLISH a b', []],
  ])('find %s', (_title, keySpecs, line, expected) => {
    expect(keysOf({ keySpecs }, line)).toEqual(expected)
  })

  it.each([
    ['SORT a', ['a']],
    ['SORT a BY STORE GET STORE LIMIT STORE STORE', ['a']],
    ['SORT a STORE b store c', ['a', 'c']],
    ['SORT a STORE', ['a']],
  ])('leave to SORT what only it can find: %s', (line, expected) => {
    const keySpecs = [keyAt(1, 'RO', 'access'), unknownKeys('OW', 'update')]
    expect(keysOf({ keySpecs, extractKeys: sortKeys }, line)).toEqual(expected)
  })

  it.each([
    ['MIGRATE h 1 a 0 100', ['a']],
    ['MIGRATE h 1 "" 0 100 COPY AUTH KEYS KEYS a b', ['a', 'b']],
    ['MIGRATE h 1 "" 0 100 AUTH2 KEYS KEYS KEYS a', ['a']],
    ['MIGRATE h 1 a 0 100 KEYS b', []],
  ])('leave to MIGRATE what only it can find: %s', (line, expected) => {
    const keySpecs = [keyAt(3, 'RW'), unknownKeys('RW', 'incomplete')]
    expect(keysOf({ keySpecs, extractKeys: migrateKeys }, line)).toEqual(expected)
  })

  it('say whether there may be keys', () => {
    const base = { name: 'x', group: 'generic', since: '', summary: '', arity: -1 } as const
    const commandWith = (keySpecs: readonly KeySpec[]) =>
      new Command({ ...base, flags: [], keySpecs, run: () => undefined })
    expect(mayHaveKeys(commandWith([]))).toBe(false)
    expect(mayHaveKeys(commandWith([keyAt(1, 'not_key')]))).toBe(false)
    expect(mayHaveKeys(commandWith([keyAt(1, 'RO')]))).toBe(true)
  })
})

describe('legacyKeysOf', () => {
  it.each<[string, readonly KeySpec[], readonly number[], boolean]>([
    ['none', [], [0, 0, 0], false],
    ['one range', [keyRange(1, { last: -1, step: 2 }, 'OW')], [1, -1, 2], false],
    ['two in a row', [keyAt(1, 'RO'), keyAt(2, 'OW')], [1, 2, 1], false],
    ['one and the rest', [keyAt(1, 'OW'), keysFrom(2, 'RO')], [1, -1, 1], false],
    ['a count', [countedKeys(2, 'RO')], [0, 0, 0], true],
    ['a key and a count', [keyAt(1, 'OW'), countedKeys(2, 'RO')], [1, 1, 1], true],
    ['a gap', [keyAt(1, 'RO'), keyAt(3, 'RO')], [1, 1, 1], true],
    ['what is incomplete', [keyAt(1, 'RO', 'incomplete')], [1, 1, 1], true],
  ])('joins %s', (_title, specs, range, areMovable) => {
    expect(legacyKeysOf(specs)).toEqual({ range, areMovable })
  })
})
