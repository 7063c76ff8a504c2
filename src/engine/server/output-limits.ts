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
}

export const NO_OUTPUT_LIMIT: OutputLimit = { hardBytes: 0, softBytes: 0, softMs: 0 }

/** The limits in the value of client-output-buffer-limit, as RuntimeConfig keeps it. */
export function parseOutputLimits(value: string): OutputLimits {
  const words = value.split(' ')
  return { normal: limitOf(words, 'normal'), pubsub: limitOf(words, 'pubsub') }
}

function limitOf(words: readonly string[], clientClass: string): OutputLimit {
  const at = words.indexOf(clientClass)
  const [hardBytes = 0, softBytes = 0, softSeconds = 0] = words.slice(at + 1, at + 4).map(Number)
  return { hardBytes, softBytes, softMs: softSeconds * 1_000 }
}
