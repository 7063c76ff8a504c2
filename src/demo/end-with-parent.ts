import { Worker } from 'node:worker_threads'

const INTERVAL_MS = 2_000

const WATCH = `
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }, ${INTERVAL_MS})
`

/**
 * Ends this process when the one that started it is gone, even in the middle of a statement: Postgres runs
 * in the main thread, and while it does, nothing there hears that standard input was closed.
 */
export function endWithParent(): void {
  new Worker(WATCH, { eval: true }).unref()
}
