import type { Logger } from './logger.ts'

export interface Startable {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
}

/** Starts in order; when one fails, stops those already started, in reverse, and throws its error. */
export async function startInOrder(parts: readonly Startable[], log: Logger): Promise<void> {
  const started: Startable[] = []
  for (const part of parts) {
    try {
      await part.start()
      started.push(part)
    } catch (error) {
      await stopInReverse(started, { log, deadlineMs: 5_000 })
      throw error
    }
  }
}

export interface StopOptions {
  readonly log: Logger
  /** How long each part may take before it is left behind. */
  readonly deadlineMs: number
}

/** Stops in reverse order. A part that fails or is too slow is logged and does not keep the others. */
export async function stopInReverse(
  parts: readonly Startable[],
  options: StopOptions,
): Promise<void> {
  for (const part of parts.toReversed()) {
    try {
      await withDeadline(part.stop(), options.deadlineMs, part.name)
    } catch (error) {
      options.log.error({ err: error, part: part.name }, 'could not stop')
    }
  }
}

async function withDeadline(work: Promise<void>, deadlineMs: number, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${name} did not stop within ${deadlineMs} ms`)),
      deadlineMs,
    )
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
