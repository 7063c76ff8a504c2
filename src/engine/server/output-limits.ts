/** What a client may leave unread: the end of it at once beyond `hardBytes`, after a while beyond `softBytes`. */
export interface OutputLimit {
  /** 0: no limit. */
  readonly hardBytes: number
  readonly softBytes: number
  readonly softMs: number
}

/** The limit for normal clients in the value of client-output-buffer-limit, as RuntimeConfig keeps it. */
export function normalOutputLimit(value: string): OutputLimit {
  const words = value.split(' ')
  const at = words.indexOf('normal')
  const [hardBytes = 0, softBytes = 0, softSeconds = 0] = words.slice(at + 1, at + 4).map(Number)
  return { hardBytes, softBytes, softMs: softSeconds * 1_000 }
}
