import type { GatedReplies, ReplyGate } from '../execution/reply-gate.ts'
import type { AppendOnlyLog } from './append-only-log.ts'

/**
 * Lets replies leave once what they acknowledge is written down: handed to the system, or with appendfsync always on
 * the disk. Then all connections of a turn of the event loop wait for one flush of the disk together.
 */
export class CommitGate implements ReplyGate {
  readonly #log: AppendOnlyLog
  readonly #waiting = new Set<GatedReplies>()
  #isScheduled = false

  constructor(log: AppendOnlyLog) {
    this.#log = log
    log.onPending = () => this.#schedule()
  }

  holds(replies: GatedReplies): boolean {
    const log = this.#log
    if (!log.isPending) return false
    if (log.policy !== 'always') {
      log.flush()
      return false
    }
    this.#waiting.add(replies)
    this.#schedule()
    return true
  }

  get isFailing(): boolean {
    return this.#log.policy === 'always' && this.#log.failure !== undefined
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#commit())
  }

  #commit(): void {
    this.#isScheduled = false
    const isDurable = this.#log.policy === 'always' ? this.#log.sync() : this.#log.flush()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const replies of waiting) replies.committed(isDurable)
  }
}
