import type { ArgumentVector } from '../protocol/argument-vector.ts'

/** A command that does again what was done, wherever and whenever it runs. */
export type Effect = readonly (string | number | Uint8Array)[]

/** What hears of every effect, in order: a log, a replica's stream. Keeps no part without copying it. */
export type PropagationSink = (databaseIndex: number, effect: Effect) => void

/** Hands what commands did to the sinks. */
export class Propagation {
  /** Changes since the start: INFO's rdb_changes_since_last_save. */
  changes = 0
  readonly #sinks: PropagationSink[] = []

  get isHeard(): boolean {
    return this.#sinks.length > 0
  }

  addSink(sink: PropagationSink): void {
    this.#sinks.push(sink)
  }

  asReceived(databaseIndex: number, argv: ArgumentVector): void {
    this.changes += 1
    if (!this.isHeard) return
    const effect: Uint8Array[] = []
    for (let index = 0; index < argv.count; index += 1) effect.push(argv.view(index))
    this.#tell(databaseIndex, effect)
  }

  emit(databaseIndex: number, effect: Effect): void {
    this.changes += 1
    this.#tell(databaseIndex, effect)
  }

  #tell(databaseIndex: number, effect: Effect): void {
    for (const sink of this.#sinks) sink(databaseIndex, effect)
  }
}
