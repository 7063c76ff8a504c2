/** What a client may leave unread: the end of it at once beyond `hardBytes`, after a while beyond `softBytes`. */
export interface OutputLimit {
  /** 0: no limit. */
  readonly hardBytes: number
  readonly softBytes: number
  readonly softMs: number
}

export interface OutputLimits {
  readonly normal: OutputLimit
  /** Clients that listen to channels. */
  readonly pubsub: OutputLimit
  readonly replica: OutputLimit
}

export const NO_OUTPUT_LIMIT: OutputLimit = { hardBytes: 0, softBytes: 0, softMs: 0 }

/**
 * The limits in the value of client-output-buffer-limit, as RuntimeConfig keeps it. What the backlog holds a replica
 * may always be sent: a lower limit would end it after each partial resynchronization.
 */
export function parseOutputLimits(value: string, backlogBytes: number): OutputLimits {
  const words = value.split(' ')
  const replica = limitOf(words, 'slave')
  const hardBytes = replica.hardBytes === 0 ? 0 : Math.max(replica.hardBytes, backlogBytes)
  return {
    normal: limitOf(words, 'normal'),
    pubsub: limitOf(words, 'pubsub'),
    replica: { ...replica, hardBytes },
  }
}

function limitOf(words: readonly string[], clientClass: string): OutputLimit {
  const at = words.indexOf(clientClass)
  const [hardBytes = 0, softBytes = 0, softSeconds = 0] = words.slice(at + 1, at + 4).map(Number)
  return { hardBytes, softBytes, softMs: softSeconds * 1_000 }
}
