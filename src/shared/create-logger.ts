import { destination, pino, stdTimeFunctions } from 'pino'
import type { Logger } from './logger.ts'

const STANDARD_ERROR = 2

export interface CreateLoggerOptions {
  /** One of pino's levels, or `silent`. */
  readonly level: string
  /** A file to append to; standard error without one. */
  readonly file?: string
}

/** One JSON object per line, written before the call returns: nothing is lost on exit. */
export function createLogger({ level, file }: CreateLoggerOptions): Logger {
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime },
    destination({ dest: file ?? STANDARD_ERROR, sync: true, append: true }),
  )
}
