/** Why the server cannot listen where it is told to: the directive that says so, and Redis' words. */
export interface ListenFailure {
  readonly directive: string
  readonly reason: string
}

/** Where the server listens, after directives have changed: `engine.ts` joins it (server/endpoints.ts). */
export interface ListeningService {
  /** Directives have said that it is to listen elsewhere, and it does not yet. */
  readonly isChanged: boolean
  /**
   * Listens there; a turn later `tell` hears whether that could be done. If not, the server listens where it did
   * before, and the directives that are its own say so again.
   */
  apply(tell: (failure: ListenFailure | undefined) => void): void
}
