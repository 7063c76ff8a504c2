import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A token by hand, so that it can be wrong in every way: header and claims as given, signed or not. */
export function forgeToken(
  header: Readonly<Record<string, unknown>>,
  claims: unknown,
  signWith: (input: Buffer) => Buffer = () => Buffer.alloc(0),
): string {
  const encode = (part: unknown): string =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${signWith(Buffer.from(input)).toString('base64url')}`
}

export function hmacToken(
  secret: string | Buffer,
  claims: unknown,
  header: Readonly<Record<string, unknown>> = {},
  bits: 256 | 384 | 512 = 256,
): string {
  return forgeToken({ alg: `HS${bits}`, typ: 'JWT', ...header }, claims, (input) =>
    createHmac(`sha${bits}`, secret).update(input).digest(),
  )
}

export function rsaToken(
  key: KeyObject,
  claims: unknown,
  header: Readonly<Record<string, unknown>> = {},
  bits: 256 | 384 | 512 = 256,
): string {
  return forgeToken({ alg: `RS${bits}`, ...header }, claims, (input) =>
    sign(`sha${bits}`, input, key),
  )
}

export function ecToken(key: KeyObject, claims: unknown, algorithm: string, hash: string): string {
  return forgeToken({ alg: algorithm }, claims, (input) =>
    sign(hash, input, { key, dsaEncoding: 'ieee-p1363' }),
  )
}

export function ed25519Token(key: KeyObject, claims: unknown): string {
  return forgeToken({ alg: 'EdDSA' }, claims, (input) => sign(null, input, key))
}

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The public key in PEM. */
  readonly pem: string
}

export function rsaKeyPair(modulusLength = 2_048): KeyPair {
  return withPem(generateKeyPairSync('rsa', { modulusLength }))
}

export function ecKeyPair(namedCurve: string): KeyPair {
  return withPem(generateKeyPairSync('ec', { namedCurve }))
}

export function ed25519KeyPair(): KeyPair {
  return withPem(generateKeyPairSync('ed25519'))
}

function withPem(pair: { privateKey: KeyObject; publicKey: KeyObject }): KeyPair {
  return { ...pair, pem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}
