import { describe, expect, it } from 'vitest'
import {
  ManifestError,
  readManifest,
  sha256Of,
} from '../../../../src/gateway/documents/manifest.ts'

const A = 'query A { a }'
const B = 'query B { b }'

describe('readManifest', () => {
  it('takes a map of ids to documents, each found by its hash as well', () => {
    const documents = readManifest(
      JSON.stringify({ one: A, '0cc175b9c0f1b6a831c399e269772661': B }),
    )
    expect(documents).toEqual(
      new Map([
        ['one', A],
        [`sha256:${sha256Of(A)}`, A],
        ['0cc175b9c0f1b6a831c399e269772661', B],
        [`sha256:${sha256Of(B)}`, B],
      ]),
    )
  })

  it('takes Apollo’s persisted query manifest', () => {
    const manifest = {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: sha256Of(A), name: 'A', type: 'query', body: A }],
    }
    const documents = readManifest(JSON.stringify(manifest))
    expect(documents.get(sha256Of(A))).toBe(A)
    expect(documents.get(`sha256:${sha256Of(A)}`)).toBe(A)
  })

  it('takes what an object inherits for ids like any other', () => {
    expect(readManifest('{"__proto__":"{a}"}').get('__proto__')).toBe('{a}')
    expect(readManifest('{}').get('constructor')).toBeUndefined()
  })

  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'it is not a JSON object'],
    ['null', 'it is not a JSON object'],
    ['{"a":1}', '"a" is not a document'],
    [
      '{"operations":[]}',
      'it has operations, but is no apollo-persisted-query-manifest of version 1',
    ],
    [
      '{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"a"}]}',
      'operation 0 has no id or no body',
    ],
    [
      `{"sha256:${'0'.repeat(64)}":"{a}"}`,
      `"sha256:${'0'.repeat(64)}" is not the SHA-256 of its document`,
    ],
    [`{"${'0'.repeat(64)}":"{a}"}`, `"${'0'.repeat(64)}" is not the SHA-256 of its document`],
  ])('refuses %s', (text, message) => {
    expect(() => readManifest(text)).toThrow(new ManifestError(message))
  })

  it('refuses one id for two documents', () => {
    const operations = [
      { id: 'x', body: A },
      { id: 'x', body: B },
    ]
    const text = JSON.stringify({
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations,
    })
    expect(() => readManifest(text)).toThrow('"x" stands for two documents')
  })
})
