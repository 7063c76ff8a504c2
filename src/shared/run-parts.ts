import { type Startable, startInOrder, stopInReverse } from './lifecycle.ts'
import type { Logger } from './logger.ts'

export interface RunOptions {
  readonly log: Logger
  /** Aborted when everything shall stop. */
  readonly stopSignal: AbortSignal
  /** How long each part may take to stop. */
  readonly stopDeadlineMs: number
  readonly onReady: () => void
}

/** Starts the parts in order, waits for the signal and stops them in reverse. Throws what kept one from starting. */
export async function runParts(parts: readonly Startable[], options: RunOptions): Promise<void> {
  const { log, stopSignal, stopDeadlineMs, onReady } = options
  try {
    await startInOrder(parts, log)
  } catch (error) {
    // Told to stop while starting: what was interrupted is no failure.
    if (stopSignal.aborted) return
    throw error
  }
  if (!stopSignal.aborted) onReady()
  await aborted(stopSignal)
  log.info({}, 'stopping')
  await stopInReverse(parts, { log, deadlineMs: stopDeadlineMs })
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
