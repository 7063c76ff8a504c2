import {
  type Client,
  type ClientOutput,
  NO_OUTPUT_STATE,
  type OutputState,
} from '../execution/client.ts'
import type { ClientRegistry } from '../execution/client-registry.ts'
import type { Executor } from '../execution/executor.ts'
import type { ReplyGate } from '../execution/reply-gate.ts'
import { SlabExhaustedError } from '../memory/slab.ts'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { EngineReplyError, type Reply, ValueWriter } from '../protocol/value-writer.ts'

export interface WaitingCallsParts {
  readonly executor: Executor
  readonly clients: ClientRegistry
  readonly gate: ReplyGate
  /** What a call is answered whose writes could not be kept. */
  readonly writeError: () => string
  /** Connections and waiting calls together. */
  readonly clientsMax: () => number
}

/** Calls from within the process that may wait for their reply, as a connection would. */
export class WaitingCalls {
  readonly #parts: WaitingCallsParts

  constructor(parts: WaitingCallsParts) {
    this.#parts = parts
  }

  /**
   * Each call is a client of its own, for as long as it lasts. Resolves with an error reply, too; with `appendfsync
   * always` once what it has written is on the disk.
   */
  call(databaseIndex: number, argv: readonly (string | number | Uint8Array)[]): Promise<Reply> {
    const { clients, clientsMax, executor } = this.#parts
    if (clients.size >= clientsMax()) {
      return Promise.resolve(new EngineReplyError(replyErrors.maxClients))
    }
    executor.beginTurn()
    const client = clients.add({
      address: 'embedded:0',
      nowMs: executor.nowMs,
      isEmbedded: true,
    })
    client.deniesBlocking = false
    client.databaseIndex = databaseIndex
    return new Promise((resolve) => {
      this.#run(client, argv, (reply) => {
        clients.remove(client)
        this.#commit(reply, resolve)
      })
    })
  }

  /**
   * Resolves once all that was written before is in the log, and with `appendfsync always` on the disk; `undefined` when
   * there is nothing to wait for. Rejects with the error that writes are refused with.
   */
  written(): Promise<void> | undefined {
    const { gate, writeError } = this.#parts
    if (gate.isFailing) return Promise.reject(new EngineReplyError(writeError()))
    let settle: (isDurable: boolean) => void = () => undefined
    const isHeld = gate.holds({ committed: (isDurable) => settle(isDurable) })
    if (!isHeld) return undefined
    return new Promise((resolve, reject) => {
      settle = (isDurable) => {
        if (isDurable) resolve()
        else reject(new EngineReplyError(writeError()))
      }
    })
  }

  #commit(reply: Reply, resolve: (reply: Reply) => void): void {
    const { gate, writeError } = this.#parts
    const committed = (isDurable: boolean): void =>
      resolve(isDurable ? reply : new EngineReplyError(writeError()))
    if (!gate.holds({ committed })) committed(true)
  }

  #run(
    client: Client,
    parts: readonly (string | number | Uint8Array)[],
    answered: (reply: Reply) => void,
  ): void {
    const { executor } = this.#parts
    const argv = new ArgumentVector()
    const writer = new ValueWriter()
    client.output = new LateReply(writer, answered)
    argv.load(parts)
    try {
      executor.execute(client, argv, writer)
    } catch (error) {
      if (!(error instanceof SlabExhaustedError)) throw error
      writer.take()
      executor.error(writer, replyErrors.outOfMemory)
    }
    executor.endTurn()
    if (client.waiter === undefined) answered(writer.take())
    executor.settle()
  }
}

/** Takes the reply that comes when the call waits no longer; nothing else reaches such a caller. */
class LateReply implements ClientOutput {
  readonly #writer: ValueWriter
  readonly #answered: (reply: Reply) => void

  constructor(writer: ValueWriter, answered: (reply: Reply) => void) {
    this.#writer = writer
    this.#answered = answered
  }

  get heldBytes(): number {
    return 0
  }

  beginReply(): ReplyWriter {
    return this.#writer
  }

  endReply(): void {
    return
  }

  endMessage(): void {
    return
  }

  push(): void {
    return
  }

  release(): void {
    this.#answered(this.#writer.take())
  }

  state(): OutputState {
    return NO_OUTPUT_STATE
  }

  close(): void {
    this.#answered(new EngineReplyError(replyErrors.unblocked))
  }
}
