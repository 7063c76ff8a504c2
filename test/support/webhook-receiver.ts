import { EchoUpstream, type ReceivedRequest } from './echo-upstream.ts'

const TIMEOUT_MS = 5_000

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A webhook of a test's own: takes every event, or answers as told, and remembers what came. */
export class WebhookReceiver {
  readonly #server = new EchoUpstream()
  readonly #untaken: ReceivedRequest[] = []
  readonly #answers: Answer[] = []
  #wake: () => void = () => undefined

  constructor() {
    this.#server.respond = (request, response) => {
      this.#untaken.push(request)
      const { status, headers = {} } = this.#answers.shift() ?? { status: 200 }
      response.writeHead(status, headers)
      response.end('{}')
      this.#wake()
    }
  }

  get url(): string {
    return `${this.#server.url}/events`
  }

  start(): Promise<void> {
    return this.#server.start()
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  /** Answers the next events so, one each. */
  answerNext(...answers: readonly Answer[]): void {
    this.#answers.push(...answers)
  }

  /** The next request that was not taken yet. */
  async next(): Promise<ReceivedRequest> {
    const limit = AbortSignal.timeout(TIMEOUT_MS)
    for (;;) {
      const request = this.#untaken.shift()
      if (request !== undefined) return request
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        limit.addEventListener('abort', () => reject(new Error('no event came')))
      })
    }
  }

  get untakenCount(): number {
    return this.#untaken.length
  }
}
