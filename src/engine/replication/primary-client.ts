import {
  CLIENT_STATE,
  type Client,
  type ClientOutput,
  type OutputState,
} from '../execution/client.ts'
import type { Executor } from '../execution/executor.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { RequestParser } from '../protocol/request-parser.ts'
import { RespWriter } from '../protocol/resp-writer.ts'
import type { ReplicationStream } from './replication-stream.ts'

const NO_BYTES = new Uint8Array(0)

export interface PrimaryClientOptions {
  readonly executor: Executor
  readonly keyspace: Keyspace
  readonly stream: ReplicationStream
  readonly client: Client
  /** Nothing may run now: a pause, or a script that takes long. */
  readonly isHeldBack: () => boolean
  /** A command is to be read again when `run` is called. */
  readonly mustWait: (client: Client, argv: ArgumentVector) => boolean
  /** CLIENT KILL, or bytes that are no command. */
  readonly onBroken: (reason: string) => void
  /** A command that the primary could do and this replica could not. */
  readonly onError: (command: string, error: string) => void
  readonly state: () => OutputState
}

/**
 * The primary as a client whose commands are run as they come, whatever stands in the way of others. Their bytes are
 * appended to this engine's own stream once they have run, so that offsets and replicas' replicas see the very same.
 */
export class PrimaryClient implements ClientOutput {
  readonly client: Client
  readonly #options: PrimaryClientOptions
  readonly #argv = new ArgumentVector()
  readonly #parser = new RequestParser(this.#argv)
  readonly #writer = new RespWriter()
  readonly #limits = { bulkBytesMax: Number.MAX_SAFE_INTEGER, isAuthenticated: true }
  /** Received and not applied: its first `#length` bytes count. */
  #pending: Uint8Array = NO_BYTES
  #length = 0
  /** Of them those that have run, within a transaction that has not ended. */
  #ran = 0

  constructor(options: PrimaryClientOptions) {
    this.#options = options
    this.client = options.client
    this.client.set(CLIENT_STATE.primary, true)
    this.client.deniesBlocking = true
    this.client.output = this
  }

  get heldBytes(): number {
    return this.#length
  }

  /** Received and not applied. */
  get pendingBytes(): number {
    return this.#length
  }

  /** Takes bytes of the stream; copies what cannot run yet. */
  receive(bytes: Uint8Array): void {
    if (this.#length > 0) {
      this.#append(bytes)
      this.run()
      return
    }
    const applied = this.#run(bytes, bytes.length)
    this.#append(bytes.subarray(applied))
  }

  /** Runs what has come, as far as it may. */
  run(): void {
    const applied = this.#run(this.#pending, this.#length)
    if (applied === 0) return
    this.#pending.copyWithin(0, applied, this.#length)
    this.#length -= applied
    if (this.#length === 0) this.#pending = NO_BYTES
  }

  #run(bytes: Uint8Array, length: number): number {
    const { executor, keyspace } = this.#options
    executor.beginTurn()
    // Whether a key is past its instant is the primary's to say.
    keyspace.keepDue(true)
    try {
      return this.#runCommands(bytes, length)
    } finally {
      keyspace.keepDue(false)
      executor.endTurn()
      executor.settle()
    }
  }

  /** Gives how many bytes have been applied: all of a transaction, or none. */
  #runCommands(bytes: Uint8Array, length: number): number {
    const { isHeldBack, mustWait, onBroken, stream } = this.#options
    let applied = 0
    let at = this.#ran
    while (at < length && !this.client.isClosing && !isHeldBack()) {
      const result = this.#parser.parse(bytes, at, length, this.#limits)
      if (result === 'incomplete') break
      if (result === 'error') {
        onBroken(this.#parser.error)
        break
      }
      if (result === 'command' && mustWait(this.client, this.#argv)) break
      at = this.#parser.end
      if (result === 'command') this.#execute()
      if (this.client.transaction !== undefined) continue
      stream.append(bytes, applied, at - applied)
      applied = at
    }
    this.#ran = at - applied
    return applied
  }

  #execute(): void {
    const writer = this.#writer
    writer.lastError = ''
    this.#options.executor.execute(this.client, this.#argv, writer)
    if (writer.lastError !== '') this.#options.onError(this.#argv.latin1(0), writer.lastError)
    writer.clear()
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#pending.length) {
      const larger = new Uint8Array(Math.max(needed, this.#pending.length * 2))
      larger.set(this.#pending.subarray(0, this.#length))
      this.#pending = larger
    }
    this.#pending.set(bytes, this.#length)
    this.#length = needed
  }

  beginReply(): ReplyWriter {
    return this.#writer
  }

  endReply(): void {
    this.#writer.clear()
  }

  endMessage(): void {
    this.#writer.clear()
  }

  push(): void {
    return
  }

  /** It never waits: what holds it back lets go of all at once (replication.ts). */
  release(): void {
    this.client.set(CLIENT_STATE.blocked, false)
  }

  close(): void {
    this.client.isClosing = true
    this.#options.onBroken('the connection was killed')
  }

  state(): OutputState {
    return this.#options.state()
  }
}
