import { createHash, timingSafeEqual } from 'node:crypto'

const HASH = /^[0-9a-f]{64}$/

export function isPasswordHash(text: string): boolean {
  return HASH.test(text)
}

/** SHA-256, in hexadecimal digits. */
export function hashPassword(password: Uint8Array): string {
  return createHash('sha256').update(password).digest('hex')
}

/** Whether one of the hashes is the password's, in a time that tells nothing of how much was right. */
export function isPasswordOf(hashes: readonly string[], password: Uint8Array): boolean {
  const given = Buffer.from(hashPassword(password))
  let isRight = false
  for (const hash of hashes) {
    if (timingSafeEqual(Buffer.from(hash), given)) isRight = true
  }
  return isRight
}
