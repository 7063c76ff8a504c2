import type { RawData, WebSocket } from 'ws'
import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { MutationTracker, Untracked } from './mutation-tracker.ts'
import type { SocketFate, SocketOperations } from './socket-operations.ts'

export interface WebSocketRelayOptions {
  readonly client: WebSocket
  readonly upstream: WebSocket
  readonly mutations: MutationTracker
  /** `send` gives a message to the client. */
  readonly operations: (send: (message: string) => void) => SocketOperations
  /** How long mutations of a client that went away are waited for. */
  readonly mutationWaitMs: number
  /** Called once the upstream's side is closed: nothing comes of it any more. */
  readonly ended: (relay: WebSocketRelay) => void
}

/** Bytes waiting for a slow receiver before the sender is no longer read. */
const BUFFERED_BYTES_MAX = 1_048_576

const NO_STATUS = 1005
const ABNORMAL = 1006
const TLS_FAILURE = 1015
const POLICY_VIOLATION = 1008
/** As Hasura ends a connection whose message it cannot read. */
const BAD_MESSAGE = 4400

/**
 * Passes messages both ways, byte for byte and in order, until either side closes. Pings are answered where
 * they arrive: passed on, a flood of them would fill the memory of the gateway.
 */
export class WebSocketRelay {
  readonly #client: WebSocket
  readonly #upstream: WebSocket
  readonly #mutations: MutationTracker
  readonly #operations: SocketOperations
  /** What was received behind a message of which it is not decided yet what becomes of it. */
  #reception: Promise<void> | undefined
  readonly #mutationWaitMs: number
  readonly #ended: (relay: WebSocketRelay) => void
  /** What was received behind a message that waits for an invalidation, which a remote store makes slow. */
  #delivery: Promise<void> | undefined
  /** Ends the connection to the upstream once the mutations of a client that is gone have ended. */
  #closeUpstream: (() => void) | undefined

  constructor(options: WebSocketRelayOptions) {
    this.#client = options.client
    this.#upstream = options.upstream
    this.#mutations = options.mutations
    this.#operations = options.operations((message) => this.#answer(message))
    this.#mutationWaitMs = options.mutationWaitMs
    this.#ended = options.ended
  }

  start(): void {
    const client = this.#client
    const upstream = this.#upstream
    client.on('message', (data, isBinary) => this.#toUpstream(data, isBinary))
    upstream.on('message', (data, isBinary) => this.#toClient(data, isBinary))
    client.on('close', (code, reason) => this.#clientClosed(code, reason))
    upstream.on('close', (code, reason) => {
      this.#mutations.ended()
      this.#closeUpstream?.()
      this.#afterDelivery(() => close(client, code, reason))
      this.#ended(this)
    })
    // Each error is followed by a close.
    client.on('error', () => undefined)
    upstream.on('error', () => undefined)
  }

  /** Ends both sides without a word. What is under way may be executed all the same. */
  terminate(): void {
    this.#client.terminate()
    this.#mutations.ended()
    this.#upstream.terminate()
  }

  #toUpstream(data: RawData, isBinary: boolean): void {
    // A client that was told to go may send for as long as it does not answer: nothing of that counts.
    if (this.#client.readyState !== this.#client.OPEN) return
    const receive = (): Awaitable<void> => this.#receive(bytesOf(data), isBinary)
    const reception = this.#reception === undefined ? receive() : this.#reception.then(receive)
    if (!isPromise(reception)) return
    this.#client.pause()
    const settled = reception
      .catch(() => this.#client.terminate())
      .then(() => {
        if (this.#reception !== settled) return
        this.#reception = undefined
        this.#client.resume()
      })
    this.#reception = settled
  }

  #receive(bytes: Buffer, isBinary: boolean): Awaitable<void> {
    const fate = this.#operations.received(bytes)
    if (!isPromise(fate)) return this.#pass(fate, isBinary)
    return fate.then((late) => this.#pass(late, isBinary))
  }

  #pass(fate: SocketFate, isBinary: boolean): void {
    if (fate === 'taken') return
    if (fate === 'unreadable') {
      refuse(this.#client, fate)
      return
    }
    if ('refusal' in fate) {
      const { message, code, reason } = fate.refusal
      if (message !== undefined) this.#answer(message)
      this.#client.close(code, reason)
      return
    }
    const untracked = this.#mutations.sent(fate.forward)
    if (untracked === undefined) forward(this.#client, this.#upstream, fate.forward, isBinary)
    else refuse(this.#client, untracked)
  }

  #answer(message: string): void {
    forward(this.#client, this.#client, Buffer.from(message), false)
  }

  #toClient(data: RawData, isBinary: boolean): void {
    this.#afterDelivery(() => {
      const bytes = bytesOf(data)
      const shown = this.#operations.answered(bytes)
      const invalidated = this.#mutations.answered(bytes)
      if (this.#mutations.isIdle) this.#closeUpstream?.()
      if (!isPromise(invalidated)) {
        forward(this.#upstream, this.#client, shown, isBinary)
        return
      }
      this.#upstream.pause()
      return invalidated.then(() => {
        this.#upstream.resume()
        forward(this.#upstream, this.#client, shown, isBinary)
      })
    })
  }

  /** What a client began goes on without it: only when a mutation has ended is it known what is stale. */
  #clientClosed(code: number, reason: Buffer): void {
    if (this.#mutations.isIdle) {
      close(this.#upstream, code, reason)
      return
    }
    this.#upstream.resume()
    const timer = setTimeout(() => this.#closeUpstream?.(), this.#mutationWaitMs)
    this.#closeUpstream = () => {
      clearTimeout(timer)
      this.#closeUpstream = undefined
      close(this.#upstream, code, reason)
    }
  }

  /** At once, or behind what is still being delivered. */
  #afterDelivery(deliver: () => Promise<void> | undefined | void): void {
    const delivery = this.#delivery === undefined ? deliver() : this.#delivery.then(deliver)
    if (delivery === undefined) return
    const settled = delivery
      .catch(() => this.#client.terminate())
      .then(() => {
        if (this.#delivery === settled) this.#delivery = undefined
      })
    this.#delivery = settled
  }
}

function refuse(client: WebSocket, untracked: Untracked): void {
  if (untracked === 'too-many') client.close(POLICY_VIOLATION, 'too many mutations under way')
  else client.close(BAD_MESSAGE, 'Parsing client message failed')
}

/** Does not read on from `source` while too much waits for `target`. */
function forward(source: WebSocket, target: WebSocket, data: RawData, isBinary: boolean): void {
  if (target.readyState !== target.OPEN) return
  target.send(data, { binary: isBinary }, () => {
    if (source.isPaused && target.bufferedAmount <= BUFFERED_BYTES_MAX / 2) source.resume()
  })
  if (target.bufferedAmount > BUFFERED_BYTES_MAX) source.pause()
}

/** Codes that stand for "none was sent" cannot be sent: they are told by how the connection ends. */
function close(socket: WebSocket, code: number, reason: Buffer): void {
  // Paused, it would not see the other side's answer to the close.
  socket.resume()
  if (code === ABNORMAL || code === TLS_FAILURE) socket.terminate()
  else if (code === NO_STATUS) socket.close()
  else socket.close(code, reason)
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
