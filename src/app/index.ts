export { createLogger } from './create-logger.ts'
export { type RunOptions, run } from './run.ts'
