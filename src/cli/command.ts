/** What `gerbang <name>` does. */
export interface Command {
  /** The text of `gerbang <name> --help`. */
  readonly help: string
  /** Resolves with the exit code once the command is done. */
  run(argv: readonly string[], host: Host): Promise<number>
}

/** What a command may touch of the process it runs in. */
export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Writes one or more lines to standard output. */
  print(text: string): void
  /** Aborted by the first SIGINT or SIGTERM, whose name is the reason. */
  readonly stopSignal: AbortSignal
  /** From now on signals go to the listener, and end nothing by themselves. */
  takeSignals(listener: (signal: 'SIGINT' | 'SIGTERM') => void): void
}
