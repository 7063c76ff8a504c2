/** Where the bytes of a snapshot go: a file, or replicas. */
export interface SaveTarget {
  readonly hasFailed: boolean
  /** More than may wait has been handed over. */
  readonly isCongested: boolean
  /** The bytes are the target's from now on. */
  write(bytes: Uint8Array): void
  /** Resolves when more may come. */
  drained(): Promise<void>
  /** All is there. Throws when it could not be kept. */
  commit(): Promise<void>
  /** It is not wanted any more. */
  discard(): Promise<void>
}
