import { describe, expect, it } from 'vitest'
import {
  unsendableVariable,
  upstreamSession,
} from '../../../../src/gateway/identity/upstream-session.ts'

const ROLE: readonly [string, string] = ['x-hasura-role', 'user']

describe('upstreamSession', () => {
  it('is the secret and every variable, in the bytes that Hasura reads', () => {
    const session = new Map([ROLE, ['x-hasura-name', 'Zoë']])
    expect([...upstreamSession('sécret', session)]).toEqual([
      ['x-hasura-admin-secret', 'sÃ©cret'],
      ['x-hasura-role', 'user'],
      ['x-hasura-name', 'ZoÃ«'],
    ])
  })

  it('has nothing that the admin secret opens and the session does not', () => {
    const session = new Map([ROLE, ['x-hasura-use-backend-only-permissions', 'true']])
    expect([...upstreamSession('s', session).keys()]).toEqual([
      'x-hasura-admin-secret',
      'x-hasura-role',
    ])
  })
})

describe('unsendableVariable', () => {
  it.each(['', 'a', 'a b', '{1,2}', 'Zoë', '\u00a0', '~'])('lets %j through', (value) => {
    expect(unsendableVariable(new Map([ROLE, ['x-hasura-a', value]]))).toBeUndefined()
  })

  it.each([' ', ' a', 'a ', '\t', 'a\r\nb', 'a\nb', 'a\0', '\x7f', 'a\tb'])('stops %j', (value) => {
    expect(unsendableVariable(new Map([ROLE, ['x-hasura-a', value]]))).toBe('x-hasura-a')
  })

  it.each(['x-hasura-a b', 'x-hasura-ä', 'x-hasura-a:', 'x-hasura-\n'])(
    'stops the name %j',
    (name) => {
      expect(unsendableVariable(new Map([[name, 'a']]))).toBe(name)
    },
  )
})
