import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { type Store, StoreError } from '../../store/index.ts'

export interface MemoryGaugeOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** From this part of its maxmemory on, 0 to 1, a store is short of memory. */
  readonly shortFrom: number
  /** A store that makes room by eviction is never short. */
  readonly isEvictionRoom?: boolean
}

const READ_INTERVAL_MS = 1_000

/** Whether the store is short of memory: as it said within the last second, when somebody asks. Nobody waits. */
export class MemoryGauge {
  readonly #options: MemoryGaugeOptions
  #isShort = false
  #readAtMs = Number.NEGATIVE_INFINITY

  constructor(options: MemoryGaugeOptions) {
    this.#options = options
  }

  /** As last read; starts the next reading when it is time. */
  isShort(): boolean {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#readAtMs >= READ_INTERVAL_MS) {
      this.#readAtMs = nowMs
      this.#read().catch((error: unknown) => this.#failed(error))
    }
    return this.#isShort
  }

  /** As last read. */
  get wasShort(): boolean {
    return this.#isShort
  }

  /** It had no room for a value just now. */
  noteFull(): void {
    this.#isShort = true
  }

  async #read(): Promise<void> {
    const info = await this.#options.store.info()
    const max = bytesOf(info, 'maxmemory')
    const { shortFrom, isEvictionRoom = false } = this.#options
    const isFull = max > 0 && bytesOf(info, 'used_memory') >= max * shortFrom
    this.#isShort = isFull && !(isEvictionRoom && !/^maxmemory_policy:noeviction\r?$/m.test(info))
  }

  /** What was known stays, until the store tells more. */
  #failed(error: unknown): void {
    const { log } = this.#options
    if (error instanceof StoreError) log.debug({ err: error }, 'the store did not tell its memory')
    else log.error({ err: error }, 'reading the memory of the store failed by a bug')
  }
}

/** 0, which is without limit, for what it does not tell. */
function bytesOf(info: string, field: string): number {
  const [, digits] = new RegExp(`^${field}:(\\d+)\\r?$`, 'm').exec(info) ?? []
  return Number(digits ?? 0)
}
