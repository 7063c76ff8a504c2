import type { RawData, WebSocket } from 'ws'
import { isPromise } from '../../shared/awaitable.ts'
import type { MutationTracker } from './mutation-tracker.ts'

export interface WebSocketRelayOptions {
  readonly client: WebSocket
  readonly upstream: WebSocket
  readonly mutations: MutationTracker
}

/** Bytes waiting for a slow receiver before the sender is no longer read. */
const BUFFERED_BYTES_MAX = 1_048_576

const NO_STATUS = 1005
const ABNORMAL = 1006
const TLS_FAILURE = 1015
const POLICY_VIOLATION = 1008

/** Passes messages both ways, byte for byte and in order, until either side closes. */
export class WebSocketRelay {
  readonly #client: WebSocket
  readonly #upstream: WebSocket
  readonly #mutations: MutationTracker
  /** What was received behind a message that waits for an invalidation, which a remote store makes slow. */
  #delivery: Promise<void> | undefined

  constructor(options: WebSocketRelayOptions) {
    this.#client = options.client
    this.#upstream = options.upstream
    this.#mutations = options.mutations
  }

  start(): void {
    const client = this.#client
    const upstream = this.#upstream
    client.on('message', (data, isBinary) => this.#toUpstream(data, isBinary))
    upstream.on('message', (data, isBinary) => this.#toClient(data, isBinary))
    client.on('ping', (data) => upstream.ping(data))
    upstream.on('ping', (data) => client.ping(data))
    client.on('close', (code, reason) => {
      this.#mutations.ended()
      close(upstream, code, reason)
    })
    upstream.on('close', (code, reason) => {
      this.#mutations.ended()
      this.#afterDelivery(() => close(client, code, reason))
    })
    // Each error is followed by a close.
    client.on('error', () => undefined)
    upstream.on('error', () => undefined)
  }

  #toUpstream(data: RawData, isBinary: boolean): void {
    if (!isBinary && !this.#mutations.sent(bytesOf(data))) {
      this.#client.close(POLICY_VIOLATION, 'too many mutations under way')
      return
    }
    forward(this.#client, this.#upstream, data, isBinary)
  }

  #toClient(data: RawData, isBinary: boolean): void {
    this.#afterDelivery(() => {
      const invalidated = isBinary ? undefined : this.#mutations.answered(bytesOf(data))
      if (!isPromise(invalidated)) {
        forward(this.#upstream, this.#client, data, isBinary)
        return
      }
      this.#upstream.pause()
      return invalidated.then(() => {
        forward(this.#upstream, this.#client, data, isBinary)
        this.#upstream.resume()
      })
    })
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
  if (code === ABNORMAL || code === TLS_FAILURE) socket.terminate()
  else if (code === NO_STATUS) socket.close()
  else socket.close(code, reason)
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
