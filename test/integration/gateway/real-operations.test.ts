import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, print, separateOperations, stripIgnoredCharacters } from 'graphql'
import { describe, expect, it } from 'vitest'
import { operationOf } from '../../support/prepare.ts'

/** Operations of real Hasura projects; they do not come with the repository. */
const OPERATIONS = join(import.meta.dirname, '../../../../shared/fixtures/operations')
const INDEX = join(OPERATIONS, 'index.json')

interface Indexed {
  readonly file: string
  readonly operations: readonly {
    readonly type: string
    readonly name: string | null
    readonly root_fields: readonly string[]
  }[]
  readonly unresolved_fragments: readonly string[]
}

const isThere = existsSync(INDEX)
const documents: readonly Indexed[] = isThere ? JSON.parse(readFileSync(INDEX, 'utf8')) : []
const executable = documents.filter(
  ({ operations, unresolved_fragments }) =>
    operations.length > 0 && unresolved_fragments.length === 0,
)

const WIDE = { tokensMax: 10_000, nodesMax: 1_000 }

describe.skipIf(!isThere)('operations of real projects', () => {
  it('are there', () => {
    expect(executable.length).toBeGreaterThan(100)
  })

  it.each(executable)('$file', ({ file, operations }) => {
    const text = readFileSync(join(OPERATIONS, file), 'utf8')
    for (const { type, name, root_fields } of operations) {
      const options = { ...WIDE, ...(name !== null && { operationName: name }) }
      const operation = operationOf(text, options)
      expect(operation.kind).toBe(type)
      expect(operation.name ?? null).toBe(name)
      const fields = operation.rootFields.map((field) => field.name)
      expect(new Set(fields)).toEqual(new Set(root_fields))
      for (const rewritten of [print(parse(text)), stripIgnoredCharacters(text)]) {
        // Of `query { … }` and `{ … }` one is shorter.
        const tokens = expect.any(Number)
        expect(operationOf(rewritten, options)).toEqual({ ...operation, tokens })
      }
    }
  })

  it('share a key only when they are the same', () => {
    const byDigest = new Map<string, string>()
    for (const { file, operations } of executable) {
      const text = readFileSync(join(OPERATIONS, file), 'utf8')
      for (const { name } of operations) {
        const { digest } = operationOf(text, {
          ...WIDE,
          ...(name !== null && { operationName: name }),
        })
        const alone = separateOperations(parse(text))[name ?? '']
        const canonical = alone === undefined ? '' : print(alone)
        expect(byDigest.get(digest) ?? canonical).toBe(canonical)
        byDigest.set(digest, canonical)
      }
    }
    expect(byDigest.size).toBeGreaterThan(100)
  })
})
