import { describe, expect, it } from 'vitest'
import {
  JwtSecretError,
  parseJwtSecret,
} from '../../../../src/gateway/identity/parse-jwt-secret.ts'
import { ecKeyPair, ed25519KeyPair, rsaKeyPair } from '../../../support/tokens.ts'

const KEY = 'a secret of at least thirty-two bytes'
const rsa = rsaKeyPair()
const ec = ecKeyPair('prime256v1')
const ed = ed25519KeyPair()
const base = { type: 'HS256', key: KEY }
const map = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' }

describe('parseJwtSecret', () => {
  it('fills in what Hasura does', () => {
    expect(parseJwtSecret(base)).toEqual({
      key: base,
      claims: { kind: 'namespace', namespace: 'https://hasura.io/jwt/claims', format: 'json' },
      audience: undefined,
      issuer: undefined,
      allowedSkewSeconds: 0,
      header: { kind: 'authorization' },
    })
  })

  it('takes the JSON of the object as well, and null for absent', () => {
    expect(parseJwtSecret(JSON.stringify({ ...base, issuer: null }))).toEqual(parseJwtSecret(base))
  })

  it.each([
    [
      { claims_namespace: 'ns' },
      { claims: { kind: 'namespace', namespace: 'ns', format: 'json' } },
    ],
    [
      { claims_namespace_path: "$.a['b c']", claims_format: 'stringified_json' },
      { claims: { kind: 'path', path: ['a', 'b c'], format: 'stringified_json' } },
    ],
    [{ claims_namespace_path: '$' }, { claims: { kind: 'path', path: [], format: 'json' } }],
    [{ audience: 'a' }, { audience: ['a'] }],
    [{ audience: ['a', 'b'] }, { audience: ['a', 'b'] }],
    [{ issuer: 'https://issuer.test' }, { issuer: 'https://issuer.test' }],
    [{ allowed_skew: 2.5 }, { allowedSkewSeconds: 2.5 }],
    [{ header: { type: 'Authorization' } }, { header: { kind: 'authorization' } }],
    [{ header: { type: 'cookie', name: 'Tok' } }, { header: { kind: 'cookie', name: 'Tok' } }],
    [
      { header: { type: 'CustomHeader', name: 'X-Tok' } },
      { header: { kind: 'header', name: 'x-tok' } },
    ],
  ])('reads %j', (fields, parsed) => {
    expect(parseJwtSecret({ ...base, ...fields })).toMatchObject(parsed)
  })

  it('takes a type beside a jwk_url, for keys that name no algorithm', () => {
    const jwk_url = 'https://issuer.example/jwks'
    expect(parseJwtSecret({ jwk_url }).key).toEqual({ jwkUrl: jwk_url })
    expect(parseJwtSecret({ jwk_url, type: 'RS512' }).key).toEqual({
      jwkUrl: jwk_url,
      type: 'RS512',
    })
    expect(parseJwtSecret({ jwk_url, type: 'PS512' }).key).toEqual({ jwkUrl: jwk_url })
  })

  it('reads a claims_map, which wins over a namespace', () => {
    const claims_map = {
      'x-hasura-allowed-roles': { path: '$.roles', default: ['user'] },
      'x-hasura-default-role': 'user',
      'X-Hasura-User-Id': { path: '$.sub' },
      'x-hasura-tenant': 'one',
    }
    expect(parseJwtSecret({ ...base, claims_namespace: 'ns', claims_map }).claims).toEqual({
      kind: 'map',
      allowedRoles: { path: ['roles'], fallback: ['user'] },
      defaultRole: { literal: 'user' },
      variables: new Map<string, unknown>([
        ['x-hasura-user-id', { path: ['sub'], fallback: undefined }],
        ['x-hasura-tenant', { literal: 'one' }],
      ]),
    })
  })

  it.each([
    ['HS512', 'x'.repeat(64)],
    ['RS256', rsa.pem],
    ['RS512', rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['ES256', ec.pem],
    ['Ed25519', ed.pem],
  ])('takes a key of type %s', (type, key) => {
    expect(parseJwtSecret({ type, key }).key).toEqual({ type, key })
  })

  it.each([
    ['', [], 'expected a JSON object, found Array'],
    ['', 'no json', 'is not valid JSON'],
    ['key', {}, 'both missing'],
    ['key', { ...base, jwk_url: 'https://issuer.test' }, 'both given'],
    ['key', { type: 'HS256', key: 'short' }, 'has 5 bytes; HS256 needs at least 32'],
    ['key', { type: 'HS512', key: KEY }, 'HS512 needs at least 64'],
    ['key', { type: 'RS256', key: KEY }, 'neither a public key nor a certificate'],
    ['key', { type: 'RS256', key: ec.pem }, 'is no key of type RS256'],
    ['key', { type: 'ES256', key: rsa.pem }, 'is no key of type ES256'],
    ['key', { type: 'Ed25519', key: rsa.pem }, 'is no key of type Ed25519'],
    ['key', { type: 'RS256', key: rsaKeyPair(1_024).pem }, 'RSA needs at least 2048'],
    [
      'key',
      { type: 'RS256', key: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
      'private key',
    ],
    ['type', { key: KEY }, 'expected one of HS256'],
    ['type', { ...base, type: 'PS256' }, 'expected one of HS256'],
    ['type', { ...base, type: 'none' }, 'expected one of HS256'],
    ['jwk_url', { jwk_url: 'file:///etc/passwd' }, 'expected an http or https URL'],
    ['jwk_url', { jwk_url: 'issuer.test' }, 'expected an http or https URL'],
    ['claim_map', { ...base, claim_map: map }, 'meant: claims_map?'],
    ['__proto__', JSON.parse(`{"type":"HS256","key":"${KEY}","__proto__":1}`), 'unknown key'],
    ['claims_format', { ...base, claims_format: 'yaml' }, 'expected json or stringified_json'],
    ['claims_namespace_path', { ...base, claims_namespace_path: '$..' }, 'expected a JSON path'],
    [
      'claims_namespace_path',
      { ...base, claims_namespace_path: '$.a', claims_namespace: 'b' },
      'both given',
    ],
    ['claims_map', { ...base, claims_map: 'x' }, 'expected an object, found String'],
    [
      'claims_map.x-hasura-allowed-roles',
      { ...base, claims_map: { 'x-hasura-default-role': 'user' } },
      'is required',
    ],
    [
      'claims_map.x-hasura-default-role',
      { ...base, claims_map: { 'x-hasura-allowed-roles': ['user'] } },
      'is required',
    ],
    [
      'claims_map.x-hasura-allowed-roles',
      { ...base, claims_map: { ...map, 'x-hasura-allowed-roles': 'user' } },
      'expected a list of roles, found String',
    ],
    [
      'claims_map.x-hasura-allowed-roles[1]',
      { ...base, claims_map: { ...map, 'x-hasura-allowed-roles': ['user', ''] } },
      'expected a role',
    ],
    ['claims_map.user-id', { ...base, claims_map: { ...map, 'user-id': 'x' } }, 'begins with'],
    [
      'claims_map.x-hasura-org',
      { ...base, claims_map: { ...map, 'x-hasura-org': 7 } },
      'expected a text, found Number',
    ],
    [
      'claims_map.x-hasura-org.path',
      { ...base, claims_map: { ...map, 'x-hasura-org': { path: '$.' } } },
      'expected a JSON path',
    ],
    [
      'claims_map.x-hasura-org.default',
      { ...base, claims_map: { ...map, 'x-hasura-org': { path: '$.a', default: 7 } } },
      'expected a text, found Number',
    ],
    ['audience', { ...base, audience: 7 }, 'expected a text, found Number'],
    ['audience', { ...base, audience: [] }, 'the list is empty'],
    ['audience[0]', { ...base, audience: [7] }, 'expected a text, found Number'],
    ['issuer', { ...base, issuer: ['x'] }, 'expected a text, found Array'],
    ['allowed_skew', { ...base, allowed_skew: -1 }, 'expected a number of seconds'],
    ['allowed_skew', { ...base, allowed_skew: '5' }, 'expected a number of seconds'],
    ['header', { ...base, header: 'Cookie' }, 'expected an object, found String'],
    ['header.type', { ...base, header: {} }, 'expected a text, found nothing'],
    ['header.type', { ...base, header: { type: 'Query' } }, 'expected Authorization, Cookie'],
    ['header.name', { ...base, header: { type: 'Cookie' } }, 'expected a text, found nothing'],
  ])('names %s in refusing %j', (key, secret, message) => {
    let refusal: unknown
    try {
      parseJwtSecret(secret)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toBeInstanceOf(JwtSecretError)
    expect(refusal).toMatchObject({ key, message: expect.stringContaining(message) })
    expect(String(refusal)).not.toContain(KEY)
  })
})
