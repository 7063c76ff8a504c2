import { StoreError } from './store.ts'

interface ReplyError {
  /** The first word of the server's error: `OOM`, `NOSCRIPT`, `READONLY`. */
  readonly kind: string
  readonly message: string
}

/** The server's own refusal; `undefined` when the connection failed instead. */
export function replyErrorOf(error: unknown): ReplyError | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined
  return { kind: error.message.split(' ', 1)[0] ?? '', message: error.message }
}

/**
 * What ioredis throws, as the port's error. A ReplyError holds the command with all its arguments
 * (passwords, session ids), so that its text alone is taken and the object is not kept as `cause`.
 */
export function storeErrorOf(error: unknown, storeName: string): StoreError {
  if (error instanceof StoreError) return error
  const reply = replyErrorOf(error)
  if (reply !== undefined) {
    const code = reply.kind === 'OOM' ? 'out-of-memory' : 'refused'
    return new StoreError(code, `${storeName} refused a command: ${reply.message}`)
  }
  const message = error instanceof Error ? error.message : String(error)
  if (message === 'Command timed out' || message.includes('ETIMEDOUT')) {
    return new StoreError('timeout', `${storeName} did not answer in time`)
  }
  return new StoreError(
    'unreachable',
    `${storeName} cannot be reached: ${connectionTrouble(message)}`,
  )
}

/** ioredis tells its own failures apart by text only, and some of its texts advise on its own options (5.11). */
function connectionTrouble(message: string): string {
  if (message.startsWith("Stream isn't writeable")) return 'not connected'
  if (message.startsWith('Reached the max retries')) return 'the connection was lost'
  return message
}
