import { describe, expect, it } from 'vitest'
import {
  type CacheKeyParts,
  cacheKeyDigest,
  familyKeyDigest,
  relevantSessionVariables,
} from '../../../../src/gateway/graphql/cache-key.ts'

const PARTS: CacheKeyParts = {
  operationDigest: 'operation',
  variablesText: '{}',
  role: 'user',
  sessionVariables: [['x-hasura-user-id', '1']],
  forwardedHeaders: [],
  metadataVersion: '7',
}

function key(changes: Partial<CacheKeyParts> = {}): string {
  return cacheKeyDigest({ ...PARTS, ...changes }).toString('hex')
}

describe('cacheKeyDigest', () => {
  it('is 256 bits, the same for the same parts', () => {
    expect(key()).toMatch(/^[0-9a-f]{64}$/)
    expect(key()).toBe(key())
  })

  it.each<[string, Partial<CacheKeyParts>]>([
    ['the operation', { operationDigest: 'other' }],
    ['the variables', { variablesText: '{"a":1}' }],
    ['the role', { role: 'manager' }],
    ['the case of the role', { role: 'User' }],
    ['the value of a session variable', { sessionVariables: [['x-hasura-user-id', '2']] }],
    ['an empty session variable', { sessionVariables: [['x-hasura-user-id', '']] }],
    ['an absent session variable', { sessionVariables: [['x-hasura-user-id', undefined]] }],
    ['the name of a session variable', { sessionVariables: [['x-hasura-org-id', '1']] }],
    ['no session variable', { sessionVariables: [] }],
    ['a forwarded header', { forwardedHeaders: [['accept-language', 'id']] }],
    ['the version of the metadata', { metadataVersion: '8' }],
  ])('depends on %s', (_, changes) => {
    expect(key(changes)).not.toBe(key())
  })

  it.each<[string, Partial<CacheKeyParts>, Partial<CacheKeyParts>]>([
    [
      'from a part to the next',
      { role: 'usera', metadataVersion: '' },
      { role: 'a', metadataVersion: 'user' },
    ],
    [
      'from a name to its value',
      { sessionVariables: [['x-hasura-a', 'b']] },
      { sessionVariables: [['x-hasura-ab', '']] },
    ],
    [
      'from one pair to the next',
      { sessionVariables: [['x-a', '1x-b2']] },
      {
        sessionVariables: [
          ['x-a', '1'],
          ['x-b', '2'],
        ],
      },
    ],
    [
      'from session variables to headers',
      { sessionVariables: [['x-a', '1']], forwardedHeaders: [] },
      { sessionVariables: [], forwardedHeaders: [['x-a', '1']] },
    ],
    [
      'from variables to the operation',
      { operationDigest: 'a', variablesText: 'bc' },
      { operationDigest: 'ab', variablesText: 'c' },
    ],
  ])('tells text that moves %s', (_, one, other) => {
    expect(key(one)).not.toBe(key(other))
  })

  it('tells text that looks like the encoding of two parts from these', () => {
    const head = Buffer.from([1, 0, 0, 0, 0])
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((letter) => Buffer.from(letter, 'utf16le'))
    const text = (...parts: (Buffer | undefined)[]) =>
      Buffer.concat(parts.filter((part) => part !== undefined)).toString('utf16le')
    // Without lengths, both would be: a, head, b, head, c, head, d.
    const one = { metadataVersion: text(a), role: text(b, head, c, head, d) }
    const other = { metadataVersion: text(a, head, b, head, c), role: text(d) }
    expect(key(one)).not.toBe(key(other))
  })

  it('tells lone surrogates, and forms of one letter, apart', () => {
    const keys = ['\ud800', '\ud801', '\ufffd', '\u00e9', 'e\u0301'].map((value) =>
      key({ sessionVariables: [['x-hasura-user-id', value]] }),
    )
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('tells an absent value from the texts null and undefined', () => {
    const keys = [undefined, 'undefined', 'null', ''].map((value) =>
      key({ sessionVariables: [['x-hasura-user-id', value]] }),
    )
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('familyKeyDigest', () => {
  it('depends on family and role', () => {
    const keys = [
      { familyDigest: 'a', role: 'user' },
      { familyDigest: 'b', role: 'user' },
      { familyDigest: 'a', role: 'manager' },
      { familyDigest: '', role: 'auser' },
    ].map((parts) => familyKeyDigest(parts).toString('hex'))
    expect(new Set(keys).size).toBe(4)
  })
})

describe('relevantSessionVariables', () => {
  const session = new Map([
    ['x-hasura-user-id', '1'],
    ['x-hasura-org-id', '2'],
    ['x-hasura-role', 'user'],
  ])

  it('takes those of the plan, also where the session lacks them', () => {
    expect(relevantSessionVariables(['x-hasura-a', 'x-hasura-user-id'], session)).toEqual([
      ['x-hasura-a', undefined],
      ['x-hasura-user-id', '1'],
    ])
  })

  it('takes none when none matters', () => {
    expect(relevantSessionVariables([], session)).toEqual([])
  })

  it('takes the whole session, whatever its order', () => {
    const expected = [
      ['x-hasura-org-id', '2'],
      ['x-hasura-role', 'user'],
      ['x-hasura-user-id', '1'],
    ]
    expect(relevantSessionVariables('all', session)).toEqual(expected)
    expect(relevantSessionVariables('all', new Map([...session].reverse()))).toEqual(expected)
  })
})
