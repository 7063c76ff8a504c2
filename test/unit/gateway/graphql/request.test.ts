import { describe, expect, it } from 'vitest'
import { readRequestBody } from '../../../../src/gateway/graphql/request.ts'
import { LIMITS, refusal } from '../../../support/prepare.ts'

function read(body: unknown, limits = LIMITS) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return readRequestBody(Buffer.from(text), limits)
}

function single(body: unknown) {
  const result = read(body)
  if (result.kind !== 'single') throw new Error('it is a batch')
  return result.request
}

describe('readRequestBody', () => {
  it('reads query, operationName and variables', () => {
    expect(single({ query: '{a}', operationName: 'A', variables: { x: 'y' } })).toEqual({
      kind: 'complete',
      query: '{a}',
      operationName: 'A',
      variables: new Map([['x', 'y']]),
    })
  })

  it.each([{}, { operationName: null, variables: null }])('takes %j for absent', (rest) => {
    expect(single({ query: '{a}', ...rest })).toEqual({
      kind: 'complete',
      query: '{a}',
      operationName: undefined,
      variables: undefined,
    })
  })

  it('ignores other keys', () => {
    expect(single({ query: '{a}', extensions: { x: 1 }, id: 7 }).query).toBe('{a}')
  })

  it('does not take what an object inherits for its keys', () => {
    expect(refusal(() => read('{"__proto__":{"query":"{a}"}}')).message).toBe(
      'key "query" not found',
    )
  })

  it.each([
    ['null', 'expected Object, but encountered Null', '$'],
    ['"{a}"', 'expected Object, but encountered String', '$'],
    ['1', 'expected Object, but encountered Number', '$'],
    ['true', 'expected Object, but encountered Boolean', '$'],
    ['{}', 'key "query" not found', '$'],
    ['{"Query":"{a}"}', 'key "query" not found', '$'],
    ['{"query":null}', 'expected String, but encountered Null', '$.query'],
    ['{"query":1}', 'expected String, but encountered Number', '$.query'],
    ['{"query":{}}', 'expected String, but encountered Object', '$.query'],
    ['{"query":[]}', 'expected String, but encountered Array', '$.query'],
    [
      '{"query":"","operationName":1}',
      'expected String, but encountered Number',
      '$.operationName',
    ],
    ['{"query":"","operationName":""}', '"" is not a valid GraphQL name', '$.operationName'],
    ['{"query":"","operationName":"a b"}', '"a b" is not a valid GraphQL name', '$.operationName'],
    ['{"query":"","operationName":"1a"}', '"1a" is not a valid GraphQL name', '$.operationName'],
    [
      '{"query":"","operationName":"a\\n"}',
      '"a\\n" is not a valid GraphQL name',
      '$.operationName',
    ],
    ['{"query":"","variables":"{}"}', 'expected Object, but encountered String', '$.variables'],
    ['{"query":"","variables":[]}', 'expected Object, but encountered Array', '$.variables'],
    ['{"query":"","variables":false}', 'expected Object, but encountered Boolean', '$.variables'],
  ])('refuses %s', (body, message, path) => {
    expect(refusal(() => read(body))).toEqual({ code: 'parse-failed', message, path })
  })

  it('refuses what is not JSON', () => {
    expect(refusal(() => read('')).code).toBe('invalid-json')
    expect(refusal(() => read('query=%7Ba%7D')).code).toBe('invalid-json')
  })

  describe('of a request that names its document', () => {
    const hash = 'ab'.repeat(32)
    const persisted = (rest: object = {}) => ({
      extensions: { persistedQuery: { version: 1, sha256Hash: hash, ...rest } },
    })

    it.each([{}, { query: '{a}' }])('reads the hash of Apollo’s protocol beside %j', (rest) => {
      expect(single({ ...persisted(), ...rest, variables: { x: 'y' } })).toEqual({
        kind: 'reference',
        name: { kind: 'hash', sha256Hash: hash },
        query: undefined,
        operationName: undefined,
        variables: new Map([['x', 'y']]),
        ...rest,
      })
    })

    it.each([{}, { query: '{a}' }])('reads a documentId beside %j', (rest) => {
      expect(single({ documentId: 'sha256:ab', operationName: 'A', ...rest })).toEqual({
        kind: 'reference',
        name: { kind: 'id', id: 'sha256:ab' },
        query: undefined,
        operationName: 'A',
        variables: undefined,
        ...rest,
      })
    })

    it('takes a query that is null for absent', () => {
      expect(single({ ...persisted(), query: null }).query).toBeUndefined()
    })

    it('takes a hash in capital letters for the same', () => {
      expect(single(persisted({ sha256Hash: hash.toUpperCase() }))).toEqual(single(persisted()))
    })

    it.each([
      [persisted({ version: 2 }), 'Unsupported persisted query version'],
      [persisted({ version: undefined }), 'Unsupported persisted query version'],
      [{ extensions: { persistedQuery: 1 } }, 'Unsupported persisted query version'],
      [persisted({ sha256Hash: '' }), 'a persisted query has a sha256Hash'],
      [persisted({ sha256Hash: 1 }), 'a persisted query has a sha256Hash'],
    ])('refuses %j', (body, message) => {
      expect(refusal(() => read(body))).toMatchObject({ code: 'persisted-query-invalid', message })
    })

    it('ignores a documentId that is no text', () => {
      expect(single({ documentId: 7, query: '{a}' }).kind).toBe('complete')
    })
  })

  describe('of a batch', () => {
    it('reads its members in order, each with its own text', () => {
      expect(read('[{"query":"{a}"}, {"query" : "{b}", "x":"é"}]')).toEqual({
        kind: 'batch',
        members: [
          {
            request: {
              kind: 'complete',
              query: '{a}',
              operationName: undefined,
              variables: undefined,
            },
            text: '{"query":"{a}"}',
          },
          {
            request: {
              kind: 'complete',
              query: '{b}',
              operationName: undefined,
              variables: undefined,
            },
            text: '{"query" : "{b}", "x":"é"}',
          },
        ],
      })
    })

    it('reads an empty one', () => {
      expect(read('[]')).toEqual({ kind: 'batch', members: [] })
    })

    it('has a limit', () => {
      const limits = { ...LIMITS, batchMax: 2 }
      expect(() => read([{ query: '' }, { query: '' }], limits)).not.toThrow()
      expect(refusal(() => read([{ query: '' }, { query: '' }, { query: '' }], limits))).toEqual({
        code: 'batch-limit-exceeded',
        message: 'batch limit of 2 exceeded',
        path: '$',
      })
    })

    it('refuses it whole when one member has the wrong shape', () => {
      expect(refusal(() => read([{ query: '{a}' }, { variables: 1 }]))).toEqual({
        code: 'parse-failed',
        message: 'key "query" not found',
        path: '$[1]',
      })
      expect(refusal(() => read([[{ query: '{a}' }]])).path).toBe('$[0]')
    })
  })
})
