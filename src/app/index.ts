export { type Addresses, type App, compose } from './compose.ts'
export { createLogger } from './create-logger.ts'
export { type RunOptions, run } from './run.ts'
