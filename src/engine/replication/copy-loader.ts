import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import type { EngineServices } from '../execution/context.ts'
import type { ByteSource } from '../persistence/rdb-input.ts'
import { RdbLoader } from '../persistence/rdb-loader.ts'
import type { ValueReader } from '../persistence/value-reader.ts'
import type { LoadedCopy } from './replica-link.ts'

/** So long nobody else has a turn, not even for an answer that says LOADING. */
const SLICE_MS = 5

export interface CopyLoaderOptions {
  readonly clock: Clock
  readonly values: ValueReader
  /** Whether sums at the end of files count. */
  readonly checksSums: () => boolean
  readonly services: () => EngineServices
}

/** Replaces all data by a copy of the primary's, in slices. */
export class CopyLoader {
  readonly #options: CopyLoaderOptions

  constructor(options: CopyLoaderOptions) {
    this.#options = options
  }

  /** Rejects when the copy is damaged, or `isCancelled`: then nothing is left, neither of the old nor of the new. */
  async load(source: ByteSource, isCancelled: () => boolean): Promise<LoadedCopy> {
    const { clock, checksSums, services, values } = this.#options
    const { keyspace, log, scripting } = services()
    let streamDatabase = 0
    this.#empty()
    const loader = new RdbLoader({
      keyspace,
      values,
      source,
      checksSum: checksSums(),
      // When they go is the primary's to say.
      keepsExpired: true,
      replaces: false,
      onField: (name, value) => {
        if (name === 'repl-stream-db') streamDatabase = Number(value)
      },
      onLibrary: (code) => scripting.restoreLibrary(code, false),
      onSkipped: (key) => log.info({ key }, 'an empty key of the copy is left out'),
    })
    try {
      while (!loader.isDone) {
        const endsAtMs = clock.monotonicMs() + SLICE_MS
        loader.step(() => clock.monotonicMs() >= endsAtMs)
        if (!loader.isDone) await setImmediate()
        if (isCancelled()) throw new Error('the copy is not wanted any more')
      }
    } catch (error) {
      this.#empty()
      throw error
    }
    return { streamDatabase }
  }

  #empty(): void {
    const { blocking, keyspace, scripting, tracking, transactions } = this.#options.services()
    for (const { index } of keyspace.databases) transactions.touchDatabase(index)
    keyspace.flushAll()
    scripting.flushLibraries()
    for (const { index } of keyspace.databases) blocking.databaseReady(index)
    if (tracking.isOn) tracking.invalidateAll()
  }
}
