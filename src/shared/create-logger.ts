import { type DestinationStream, destination, pino, stdTimeFunctions, symbols } from 'pino'
import type { Logger } from './logger.ts'

const STANDARD_ERROR = 2

export interface CreateLoggerOptions {
  /** One of pino's levels, or `silent`. */
  readonly level: string
  /** A file to append to; standard error without one. */
  readonly file?: string
}

/** What was logged, for who writes it in a form of its own. */
export interface LogEntry {
  /** As pino numbers them: debug 20, info 30, warn 40, error 50. */
  readonly level: number
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A logger whose level may change. */
export interface AdjustableLogger extends Logger {
  level: string
}

/** One JSON object per line, written before the call returns: nothing is lost on exit. */
export function createLogger({ level, file }: CreateLoggerOptions): AdjustableLogger {
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime },
    destination({ dest: file ?? STANDARD_ERROR, sync: true, append: true }),
  )
}

/** The same for who does not want JSON: `write` is handed each entry before the call returns. */
export function createEntryLogger(
  level: string,
  write: (entry: LogEntry) => void,
): AdjustableLogger {
  return pino({ level, base: null, timestamp: false }, new EntryStream(write))
}

/** pino tells a stream with this mark what the line was made of. */
class EntryStream implements DestinationStream {
  readonly [symbols.needsMetadataGsym] = true
  readonly #write: (entry: LogEntry) => void
  lastLevel = 0
  lastMsg = ''
  lastObj: Readonly<Record<string, unknown>> = {}

  constructor(write: (entry: LogEntry) => void) {
    this.#write = write
  }

  write(): void {
    this.#write({ level: this.lastLevel, message: this.lastMsg, fields: this.lastObj })
  }
}
