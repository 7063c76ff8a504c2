/** Work that offers a pause wherever it yields, so that a long one need not hold everything else up. */
export type Slices<T> = Generator<void, T, void>

/** Without a pause. */
export function runToEnd<T>(work: Slices<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

export interface SliceOptions {
  /** How long the work goes on before it pauses; a step between two offers may exceed it. */
  readonly sliceMs: number
  readonly monotonicMs: () => number
  /** Resolves when others have had their turn. */
  readonly pause: () => Promise<void>
}

export async function runInSlices<T>(
  work: Slices<T>,
  { sliceMs, monotonicMs, pause }: SliceOptions,
): Promise<T> {
  let startMs = monotonicMs()
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (monotonicMs() - startMs < sliceMs) continue
    await pause()
    startMs = monotonicMs()
  }
}

/** A turn of the event loop: what has arrived meanwhile is served. */
export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
}
