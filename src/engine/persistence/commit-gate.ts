import type { GatedReplies, ReplyGate } from '../execution/reply-gate.ts'
import type { AppendOnlyLog } from './append-only-log.ts'

/**
 * Lets replies leave once what they acknowledge is written down: handed to the system, or with appendfsync always on
 * the disk. All connections of a turn of the event loop wait together for one write, and one flush of the disk. What
 * the system refuses to take is kept, and tried again: only with `always` that is a promise broken.
 */
export class CommitGate implements ReplyGate {
  readonly #log: AppendOnlyLog
  #waiting: GatedReplies[] = []
  /** The other of two, which take turns. */
  #emptied: GatedReplies[] = []
  #isScheduled = false

  constructor(log: AppendOnlyLog) {
    this.#log = log
    log.onPending = () => this.#schedule()
  }

  holds(replies: GatedReplies): boolean {
    if (!this.#log.isPending) return false
    this.#waiting.push(replies)
    this.#schedule()
    return true
  }

  get isFailing(): boolean {
    return this.#log.policy === 'always' && this.#log.failure !== undefined
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#commit)
  }

  readonly #commit = (): void => {
    this.#isScheduled = false
    const log = this.#log
    let isDurable = true
    if (log.policy === 'always') isDurable = log.sync()
    else log.flush()
    const waiting = this.#waiting
    this.#waiting = this.#emptied
    this.#emptied = waiting
    for (const replies of waiting) replies.committed(isDurable)
    waiting.length = 0
  }
}
