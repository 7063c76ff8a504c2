/** Something to do once the commands of a turn have run and their replies are on their way. */
export interface TurnTask {
  atTurnEnd(): void
}

/**
 * The end of a turn of the event loop. What one command does to other clients (a message, the answer one was
 * waiting for) leaves here, once per client and turn.
 */
export class Turn {
  #tasks: TurnTask[] = []
  #isEnding = false

  /** The caller takes care not to add itself twice. */
  add(task: TurnTask): void {
    this.#tasks.push(task)
  }

  /** Tasks may run commands, whose own end is part of this one. */
  end(): void {
    if (this.#tasks.length === 0 || this.#isEnding) return
    this.#isEnding = true
    try {
      while (this.#tasks.length > 0) {
        const tasks = this.#tasks
        this.#tasks = []
        for (const task of tasks) task.atTurnEnd()
      }
    } finally {
      this.#isEnding = false
    }
  }
}
