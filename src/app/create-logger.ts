import { destination, pino, stdTimeFunctions } from 'pino'
import type { Config } from '../config/index.ts'
import type { Logger } from '../shared/logger.ts'

const STANDARD_ERROR = 2

/** One JSON object per line on standard error, written before the call returns: nothing is lost on exit. */
export function createLogger({ level }: Config['log']): Logger {
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime },
    destination({ dest: STANDARD_ERROR, sync: true }),
  )
}
