import type { Random } from '../../shared/random.ts'

const RANDOM_BYTES = 20

/** Length of what stands behind a copy whose length is not told before: random bytes in hexadecimal digits. */
export const MARK_BYTES = 2 * RANDOM_BYTES

export function newEndMark(random: Random): string {
  return random.bytes(RANDOM_BYTES).toString('hex')
}
