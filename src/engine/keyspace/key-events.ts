/**
 * What happened to a key without its being asked for. The bytes are the engine's: copy what is kept, and
 * read them before the call returns.
 */
export interface RemovalListener {
  (reason: 'expired' | 'evicted', databaseIndex: number, key: Uint8Array): void
}

export const ignoreRemovals: RemovalListener = () => undefined
