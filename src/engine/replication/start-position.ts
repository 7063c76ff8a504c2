import type { LoadListener } from '../persistence/rdb-files.ts'
import type { ReplicationHistory } from './history.ts'
import type { ReplicationStream } from './replication-stream.ts'

const ID_LENGTH = 40

export interface StartPositionOptions {
  readonly history: ReplicationHistory
  readonly stream: ReplicationStream
  /** The configuration names a primary. */
  readonly isReplica: () => boolean
}

/**
 * Takes the history up where the file that the engine starts with has left it, so that a restart costs nobody a full
 * copy: a replica goes on with its primary's stream, and those who followed a primary with its
 * (server.c, loadDataFromDisk).
 */
export class StartPosition implements LoadListener {
  readonly #options: StartPositionOptions
  #id = ''
  /** The database that the stream had selected. */
  database = -1
  isRestored = false

  constructor(options: StartPositionOptions) {
    this.#options = options
  }

  onField(name: string, value: string): void {
    if (name === 'repl-stream-db') this.database = Number(value)
    else if (name === 'repl-id') this.#id = value
    else if (name === 'repl-offset') this.#restore(Number(value))
  }

  /** Replicas still have the key: they hear of its end. */
  onExpired(databaseIndex: number, key: Uint8Array): void {
    if (this.isRestored) this.#options.stream.effect(databaseIndex, ['DEL', key])
  }

  #restore(offset: number): void {
    const { history, isReplica, stream } = this.#options
    const isWhole = this.#id.length === ID_LENGTH && this.database >= 0 && offset >= 0
    if (!isWhole) return
    this.isRestored = true
    if (isReplica()) history.adopt(this.#id)
    else history.recall(this.#id, offset + 1)
    stream.restartAt(offset)
  }
}
