import { describe, expect, it } from 'vitest'
import { circlesIn, type ImportGraph } from './circles.ts'
import { type SourceImport, sourceImports } from './source-imports.ts'

/**
 * Where types go round, because the things do. It is to become less: a new circle mostly means that something
 * small stands in the wrong file.
 */
const TYPE_CIRCLES: readonly (readonly string[])[] = [
  // A command runs with a context, which leads to every service; services are told of clients and commands, and a
  // client holds what it waits for: a function that is given a context.
  [
    'acl-service',
    'block-timeout',
    'blocking',
    'call-timer',
    'channel-service',
    'client-memory',
    'client-pause',
    'client-registry',
    'client',
    'command-keys',
    'command-table',
    'command',
    'context',
    'guard',
    'large-changes',
    'migration-service',
    'monitors',
    'replication-service',
    'scripting-service',
    'shutdown',
    'tracking-prefixes',
    'tracking',
    'transaction',
    'transactions',
  ].map((name) => `engine/execution/${name}.ts`),
  // A database tells the snapshot that is taken of it what it is about to change.
  ['database-context', 'database', 'snapshot-guard'].map((name) => `engine/keyspace/${name}.ts`),
]

const imports = sourceImports()

describe('imports', () => {
  it('load no file in a circle', () => {
    expect(circlesIn(graphOf(imports.filter(({ isOfTypes }) => !isOfTypes)))).toEqual([])
  })

  it('make no circle of types but those that are known, and all of these', () => {
    expect(circlesIn(graphOf(imports))).toEqual(TYPE_CIRCLES)
  })
})

describe('circles', () => {
  it.each<[string, ImportGraph, readonly (readonly string[])[]]>([
    ['none where two ways lead to one file', ofLetters({ a: 'bc', b: 'd', c: 'd' }), []],
    ['two files that import each other', ofLetters({ a: 'b', b: 'a' }), [['a', 'b']]],
    ['a way round', ofLetters({ x: 'a', a: 'b', b: 'c', c: 'ay' }), [['a', 'b', 'c']]],
    [
      'two that one leads to the other',
      ofLetters({ a: 'b', b: 'ac', c: 'd', d: 'c' }),
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a file that imports itself', ofLetters({ a: 'a' }), [['a']]],
  ])('are found: %s', (_name, given, circles) => {
    expect(circlesIn(given)).toEqual(circles)
  })
})

function graphOf(edges: readonly SourceImport[]): ImportGraph {
  const graph = new Map<string, string[]>()
  for (const { from, to } of edges) graph.set(from, [...(graph.get(from) ?? []), to])
  return graph
}

/** Files of one letter each. */
function ofLetters(given: Readonly<Record<string, string>>): ImportGraph {
  return new Map(Object.entries(given).map(([file, imported]) => [file, imported.split('')]))
}
