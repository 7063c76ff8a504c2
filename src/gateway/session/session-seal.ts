import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { invariant } from '../../shared/assert.ts'
import type { Random } from '../../shared/random.ts'

/** The version comes first, in clear: the store compares it. */
export const VERSION_BYTES = 8

const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const NONCE_AT = VERSION_BYTES + KEY_ID_BYTES
const TAG_AT = NONCE_AT + NONCE_BYTES
const TEXT_AT = TAG_AT + TAG_BYTES
const KEY_BYTES = 32
const ALGORITHM = 'aes-256-gcm'
const NO_SALT = ''

export interface SealOptions {
  /** The first writes, all of them read: a new one is put in front, and the old ones go when their sessions have. */
  readonly secrets: readonly string[]
  readonly random: Random
}

/** Which session, and its how manieth write: both are authenticated, so that no record passes for another. */
export interface SealedAs {
  readonly id: string
  readonly version: number
}

interface Secret {
  readonly text: string
  readonly keyId: Buffer
}

/**
 * Sessions as they are in the store, unreadable without the secret:
 *
 *     0   version (64 bits, big-endian)
 *     8   which secret
 *     12  nonce
 *     24  tag
 *     40  the session, with AES-256-GCM under a key of its own: one HKDF of the secret and the session's id
 *
 * A key for each session: random nonces under one key would be too many in the life of a gateway.
 */
export class SessionSeal {
  readonly #secrets: readonly Secret[]
  readonly #random: Random

  constructor({ secrets, random }: SealOptions) {
    this.#random = random
    this.#secrets = secrets.map((text) => ({
      text,
      keyId: derive(text, NO_SALT, 'gerbang session key id', KEY_ID_BYTES),
    }))
  }

  seal(text: Buffer, { id, version }: SealedAs): Buffer {
    const [secret] = this.#secrets
    invariant(secret !== undefined, 'there are no sessions without a secret')
    const head = Buffer.concat([versionBytes(version), secret.keyId])
    const nonce = this.#random.bytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, keyFor(secret, id), nonce)
    cipher.setAAD(authenticated(head, id))
    const sealed = [cipher.update(text), cipher.final()]
    return Buffer.concat([head, nonce, cipher.getAuthTag(), ...sealed])
  }

  /** `undefined` for what none of the secrets has sealed for this id. */
  open(bytes: Buffer, id: string): { readonly text: Buffer; readonly version: number } | undefined {
    if (bytes.length < TEXT_AT) return undefined
    const keyId = bytes.subarray(VERSION_BYTES, NONCE_AT)
    const version = Number(bytes.readBigUInt64BE(0))
    for (const secret of this.#secrets) {
      if (!secret.keyId.equals(keyId)) continue
      const nonce = bytes.subarray(NONCE_AT, TAG_AT)
      const options = { authTagLength: TAG_BYTES }
      const decipher = createDecipheriv(ALGORITHM, keyFor(secret, id), nonce, options)
      decipher.setAAD(authenticated(bytes.subarray(0, NONCE_AT), id))
      decipher.setAuthTag(bytes.subarray(TAG_AT, TEXT_AT))
      const text = decipher.update(bytes.subarray(TEXT_AT))
      try {
        return { text: Buffer.concat([text, decipher.final()]), version }
      } catch {
        // Another secret may have the same four bytes.
      }
    }
    return undefined
  }
}

export function versionBytes(version: number): Buffer {
  const bytes = Buffer.alloc(VERSION_BYTES)
  bytes.writeBigUInt64BE(BigInt(version))
  return bytes
}

function authenticated(head: Buffer, id: string): Buffer {
  return Buffer.concat([head, Buffer.from(id)])
}

function keyFor({ text }: Secret, id: string): Buffer {
  return derive(text, id, 'gerbang session record', KEY_BYTES)
}

function derive(secret: string, salt: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, purpose, bytes))
}
