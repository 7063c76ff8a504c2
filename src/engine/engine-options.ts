import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Random } from '../shared/random.ts'
import type { ServerConfiguration } from './runtime-config/conf-file.ts'

export interface EngineOptions {
  /** The system's without one. */
  readonly clock?: Clock
  readonly random?: Random
  /** Nothing is logged without one. */
  readonly log?: Logger
  /** Hears the value of `loglevel`, now and when it changes. */
  readonly onLogLevel?: (level: string) => void
  /** Names and values as in redis.conf; what is absent has Redis' default. */
  readonly directives?: Readonly<Record<string, string>>
  /** What redis.conf and the command line said; `directives` win over it. */
  readonly configuration?: ServerConfiguration
  /** Ends the process the engine is the point of: SHUTDOWN. Refused without it. */
  readonly onShutdown?: () => void
  /** With `appendfsync always` the disk refused: it lacks what was done. Without it the engine takes no more writes. */
  readonly onFatal?: () => void
  /** Reads and writes the files that `dir`, `dbfilename` and others name; without it nothing is kept on disk. */
  readonly isPersistent?: boolean
  /** Told why writes are refused, when the files cannot be written; and `undefined` when they can again. */
  readonly onWriteError?: (reason: string | undefined) => void
}

/** With everything that a caller may leave to the system. */
export type CompleteOptions = EngineOptions &
  Required<Pick<EngineOptions, 'clock' | 'random' | 'log'>>
