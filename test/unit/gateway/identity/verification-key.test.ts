import { describe, expect, it } from 'vitest'
import { keyFromJwk, keyFromSecret } from '../../../../src/gateway/identity/verification-key.ts'
import { ecKeyPair, ed25519KeyPair, rsaKeyPair } from '../../../support/tokens.ts'

const LONG = 'x'.repeat(64)
const rsa = rsaKeyPair()
const curve = ecKeyPair('secp384r1')
const edwards = ed25519KeyPair()

describe('keyFromSecret', () => {
  it.each([
    ['HS256', LONG],
    ['HS384', LONG],
    ['HS512', LONG],
    ['RS256', rsa.pem],
    ['RS512', rsa.pem],
    ['ES384', curve.pem],
  ] as const)('pins a key of type %s to it', (type, key) => {
    expect(keyFromSecret(type, key, true).algorithms).toEqual([type])
  })

  it.each([
    ['HS256', LONG, ['HS256', 'HS384', 'HS512']],
    ['HS256', 'x'.repeat(48), ['HS256', 'HS384']],
    ['RS256', rsa.pem, ['RS256', 'RS384', 'RS512']],
    ['ES256', curve.pem, ['ES384']],
    ['Ed25519', edwards.pem, ['EdDSA']],
  ] as const)('lets Hasura’s laxness have the family of %s', (type, key, algorithms) => {
    expect(keyFromSecret(type, key, false).algorithms).toEqual(algorithms)
  })

  it('takes the algorithm of the curve, whatever the configuration calls it', () => {
    expect(keyFromSecret('ES256', curve.pem, true).algorithms).toEqual(['ES384'])
  })

  it('has an elliptic curve of one algorithm for Ed25519', () => {
    expect(keyFromSecret('Ed25519', edwards.pem, true).algorithms).toEqual(['EdDSA'])
  })
})

describe('keyFromJwk', () => {
  const jwk = rsa.publicKey.export({ format: 'jwk' })
  const strict = { isStrict: true, type: undefined }

  it.each([
    [{ alg: 'RS512' }, strict, ['RS512']],
    [{}, strict, ['RS256']],
    [{}, { isStrict: true, type: 'RS384' as const }, ['RS384']],
    [{ alg: 'RS512' }, { isStrict: true, type: 'RS384' as const }, ['RS512']],
    [{}, { isStrict: true, type: 'ES256' as const }, ['RS256']],
    [{}, { isStrict: false, type: undefined }, ['RS256', 'RS384', 'RS512']],
    [{ alg: 'RS512' }, { isStrict: false, type: undefined }, ['RS512']],
  ])('with %j and %j verifies %j', (fields, options, algorithms) => {
    expect(keyFromJwk({ ...jwk, ...fields }, options)?.algorithms).toEqual(algorithms)
  })

  it.each([
    ['a secret', { kty: 'oct', k: 'eHg' }],
    ['another use', { ...jwk, use: 'enc' }],
    ['an algorithm of another family', { ...jwk, alg: 'HS256' }],
    ['an algorithm that is not supported', { ...jwk, alg: 'PS256' }],
    ['a type that does not fit', { ...jwk, alg: 'ES256' }],
    ['a weak key', rsaKeyPair(1_024).publicKey.export({ format: 'jwk' })],
    ['no key', 'key'],
  ])('refuses %s', (_what, value) => {
    expect(keyFromJwk(value, strict)).toBeUndefined()
  })

  it('takes padded base64 that is not for URLs, as Amazon Cognito wrote it', () => {
    const n = Buffer.from(String(jwk.n), 'base64url').toString('base64')
    expect(keyFromJwk({ ...jwk, n, kid: 'k' }, strict)?.id).toBe('k')
  })
})
