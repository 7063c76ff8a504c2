import { describe, expect, it } from 'vitest'
import type { Identity } from '../../../../src/gateway/identity/identity.ts'
import { subjectOf } from '../../../../src/gateway/ratelimit/subject.ts'
import {
  parseSubjectPart,
  subjectPartText,
} from '../../../../src/gateway/ratelimit/subject-part.ts'
import { limitRule } from '../../../support/limit-rules.ts'

function identity(fields: Partial<Identity> = {}): Identity {
  return {
    kind: 'jwt',
    role: 'user',
    userId: '42',
    sessionVariables: new Map([['x-hasura-org-id', 'acme']]),
    expiresAtMs: Number.POSITIVE_INFINITY,
    upstreamHeaders: new Map(),
    sessionId: undefined,
    ...fields,
  }
}

interface Who extends Partial<Identity> {
  readonly ip?: string
  readonly key?: string
  readonly operationName?: string
  readonly rootField?: string
}

function of(per: string | readonly string[], who: Who = {}): { label: string; id: string } {
  const { ip = '192.0.2.1', key, operationName, rootField, ...fields } = who
  const { per: parts } = limitRule({ per })
  const header = (name: string): string | undefined => (name === 'x-api-key' ? key : undefined)
  return subjectOf(parts, { identity: identity(fields), ip, header, operationName, rootField })
}

describe('subjectOf', () => {
  it.each([
    ['user', {}, 'user 42'],
    ['role', {}, 'role user'],
    ['ip', { ip: '2001:db8::1' }, 'ip 2001:db8:0:0::/64'],
    ['operation', { operationName: 'A' }, 'operation A'],
    ['operation', {}, 'unnamed operations'],
    ['root_field', { rootField: 'products' }, 'root field products'],
    ['x-hasura-org-id', {}, 'x-hasura-org-id acme'],
    [['user', 'operation'], { operationName: 'A' }, 'user 42, operation A'],
    [[], {}, 'everybody'],
  ] as const)('of %j is told to people', (per, who, label) => {
    expect(of(per, who).label).toBe(label)
  })

  it('shows no API key', () => {
    const { label } = of('header:x-api-key', { key: 'secret-key' })
    expect(label).toMatch(/^x-api-key #[\w-]{8}$/)
  })

  it.each([
    ['a user id that nobody vouches for', 'user', { kind: 'unauthorized', userId: '7' }],
    ['a variable that nobody vouches for', 'x-hasura-org-id', { kind: 'unauthorized' }],
    ['a variable that is missing', 'x-hasura-team-id', {}],
    ['no user id', 'user', { userId: undefined }],
    ['no API key', 'header:x-api-key', {}],
    ['an empty API key', 'header:x-api-key', { key: '' }],
  ] as const)('is the address for %s', (_name, per, who) => {
    expect(of(per, who)).toEqual(of('ip'))
  })

  it('is the same for the same parts in any order, and for a part twice', () => {
    expect(of(['user', 'role']).id).toBe(of(['role', 'user', 'role']).id)
  })

  it.each([
    [of('user', { userId: 'a' }), of('role', { role: 'a' })],
    [of('operation', { operationName: 'a' }), of('root_field', { rootField: 'a' })],
    [of('operation'), of('operation', { operationName: '' })],
    [of('operation', { operationName: '-' }), of('operation')],
    [of('user', { userId: '1r1:b' }), of(['user', 'role'], { userId: '1', role: 'b' })],
    [
      of(['user', 'role'], { userId: 'a', role: 'b1:c' }),
      of(['user', 'role'], { userId: 'a4', role: 'b' }),
    ],
    [of('user', { userId: '192.0.2.1' }), of('ip')],
    [of('user', { userId: undefined, sessionId: 'a' }), of('user', { userId: 'a' })],
    [of('header:x-api-key', { key: '42' }), of('user')],
    [of([]), of('ip')],
  ])('tells %j from %j', (one, other) => expect(one.id).not.toBe(other.id))
})

describe('parseSubjectPart', () => {
  it.each(['user', 'role', 'ip', 'operation', 'root_field', 'x-hasura-org-id', 'header:x-api-key'])(
    'reads %s as it writes it',
    (text) => {
      const part = parseSubjectPart(text)
      expect(part && subjectPartText(part)).toBe(text)
    },
  )

  it('takes the role for the role, whatever it is called', () => {
    expect(parseSubjectPart('X-Hasura-Role')).toEqual({ kind: 'role' })
  })

  it.each(['nobody', '', 'x-hasura-', 'header:', 'header:a b', 'User', 'x-org-id'])(
    'refuses %j',
    (text) => expect(parseSubjectPart(text)).toBeUndefined(),
  )
})
