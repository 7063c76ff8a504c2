/** What "every key" is called, by the protocol of the client that tracks. */
export const NULL_BY_PROTOCOL = { 2: Buffer.from('$-1\r\n'), 3: Buffer.from('_\r\n') } as const

const PUSH_HEAD = Buffer.from('>2\r\n$10\r\ninvalidate\r\n')
const MESSAGE_HEAD = Buffer.from('*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n')

export type Invalidation =
  | { readonly kind: 'push'; readonly keys: Buffer }
  /** For RESP2: a message of a channel. */
  | { readonly kind: 'message'; readonly keys: Buffer }
  /** The client that was to be told is gone. */
  | { readonly kind: 'broken'; readonly redirectTo: number }

export function toInvalidation(invalidation: Invalidation): Buffer {
  if (invalidation.kind === 'broken') {
    return Buffer.from(`>2\r\n$21\r\ntracking-redir-broken\r\n:${invalidation.redirectTo}\r\n`)
  }
  const head = invalidation.kind === 'push' ? PUSH_HEAD : MESSAGE_HEAD
  return Buffer.concat([head, invalidation.keys])
}

/** An array of names of one character per byte. */
export function encodeKeys(keys: readonly string[]): Buffer {
  const parts = keys.map((key) => `$${key.length}\r\n${key}\r\n`)
  return Buffer.from(`*${keys.length}\r\n${parts.join('')}`, 'latin1')
}
