import type { Clock } from '../../shared/clock.ts'
import type { BackgroundSave } from './background-save.ts'
import type { RdbFiles } from './rdb-files.ts'

/** For which file a snapshot is written: the dump, or a new base of the log. */
export type JobKind = 'rdb' | 'log'

/** The place of the snapshot that is being written to a file. There is one at a time, and none while a replica gets one. */
export class RunningJob {
  readonly #clock: Clock
  readonly #files: RdbFiles
  #job: BackgroundSave | undefined
  #kind: JobKind | undefined
  #startedMs = 0

  constructor(clock: Clock, files: RdbFiles) {
    this.#clock = clock
    this.#files = files
  }

  /** `undefined` while none runs. */
  get kind(): JobKind | undefined {
    return this.#kind
  }

  /** Nothing can be started, because of this or of a copy for replicas. */
  get isBusy(): boolean {
    return this.#job !== undefined || this.#files.isBusy
  }

  get keysProcessed(): number {
    return this.#job?.keysProcessed ?? 0
  }

  get keysTotal(): number {
    return this.#job?.keysTotal ?? 0
  }

  /** How far it is. */
  get percent(): number {
    return (this.keysProcessed * 100) / Math.max(1, this.keysTotal)
  }

  get elapsedSeconds(): number {
    return Math.floor((this.#clock.nowMs() - this.#startedMs) / 1_000)
  }

  started(kind: JobKind, job: BackgroundSave): void {
    this.#kind = kind
    this.#job = job
    this.#startedMs = this.#clock.nowMs()
  }

  ended(): void {
    this.#kind = undefined
    this.#job = undefined
  }

  cancel(): void {
    this.#job?.cancel()
  }
}
