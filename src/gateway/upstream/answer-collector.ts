import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'

export interface AnswerCollectorOptions {
  readonly bytesMax: number
  /** Ends the request when it is aborted. */
  readonly signal: AbortSignal | undefined
  readonly resolve: (answer: UpstreamAnswer) => void
  readonly reject: (error: Error) => void
}

const NO_BYTES = Buffer.alloc(0)

/** Takes one answer from the pool, chunk by chunk: what `pool.request` does through streams, in a sixth less CPU. */
export class AnswerCollector implements Dispatcher.DispatchHandler {
  readonly #options: AnswerCollectorOptions
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #controller: Dispatcher.DispatchController | undefined

  constructor(options: AnswerCollectorOptions) {
    this.#options = options
    options.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#options.signal?.aborted === true) this.#abort()
  }

  /** One that still waits for a connection is over for who asks, and ends once it would have one. */
  readonly #abort = (): void => {
    const reason: unknown = this.#options.signal?.reason
    const error = reason instanceof Error ? reason : new Error('aborted')
    if (this.#controller === undefined) this.#options.reject(error)
    else this.#controller.abort(error)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status
    this.#headers = headers
    this.#refuseAbove(controller, Number(headers['content-length'] ?? 0))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    this.#refuseAbove(controller, this.#bytes)
  }

  onResponseEnd(): void {
    this.#stopListening()
    const [first = NO_BYTES, ...rest] = this.#chunks
    const body = rest.length === 0 ? first : Buffer.concat(this.#chunks, this.#bytes)
    this.#options.resolve({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#stopListening()
    this.#options.reject(error)
  }

  /** A signal may outlive many requests: the one of whoever polls. */
  #stopListening(): void {
    this.#options.signal?.removeEventListener('abort', this.#abort)
  }

  #refuseAbove(controller: Dispatcher.DispatchController, bytes: number): void {
    const { bytesMax } = this.#options
    if (bytes <= bytesMax) return
    const message = `the upstream's answer is larger than ${bytesMax} bytes`
    controller.abort(new GatewayError('upstream-invalid-response', message))
  }
}
