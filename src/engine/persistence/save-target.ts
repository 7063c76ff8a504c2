/** Where the bytes of a snapshot go: a file, or replicas. */
export interface SaveTarget {
  readonly hasFailed: boolean
  /** More than may wait has been handed over. */
  readonly isCongested: boolean
  /** The bytes are the target's from now on, until it calls `free` with them, if ever. */
  write(bytes: Uint8Array, free: (bytes: Uint8Array) => void): void
  /** Resolves when more may come. */
  drained(): Promise<void>
  /** Nothing more comes. Resolves when all has been kept, and only `commit` is missing. Throws when it could not be. */
  complete(): Promise<void>
  /** It is valid, as soon as this has been called. Throws when it could not be kept. */
  commit(): Promise<void>
  /** It is not wanted any more. */
  discard(): Promise<void>
}
