import type { Socket } from 'node:net'
import { type Awaitable, isPromise } from '../../../shared/awaitable.ts'
import type { Answer, RequestHead } from '../answer.ts'
import { type LaneAnswers, validateHeaders } from './lane-answer.ts'
import { type LaneHead, REQUEST_LINE } from './lane-head.ts'
import type { LaneHeads } from './lane-heads.ts'

/** What the connections of one lane share. */
export interface LaneParts {
  readonly heads: LaneHeads
  readonly answers: LaneAnswers
  readonly bodyBytesMax: number
  readonly keepAliveTimeoutMs: number
  /** Names a request: the head as the pipeline takes it. */
  requestHead(head: LaneHead, socket: Socket): RequestHead
  /** Never fails: what goes wrong becomes the answer. */
  answer(head: RequestHead, body: Buffer): Awaitable<Answer>
  /** Called once an answer is written. */
  answered(head: RequestHead, answer: Answer): void
  /** Takes the connection, with `unread` bytes of it, for good. */
  handOver(socket: Socket, unread: Buffer): void
  closed(connection: LaneConnection): void
}

const HEAD_END = '\r\n\r\n'
const HEAD_BYTES_MAX = 16_384
/** Larger bodies are written on their own: copying them into one string would cost more than a second write. */
const JOINED_BODY_BYTES_MAX = 8_192
/** So much of what pipelined requests are answered is gathered before it is written. */
const GATHERED_LENGTH_MAX = 65_536
/** A request in pieces has so long to become whole; Node.js and its limits on slow clients wait for the rest. */
const PARTIAL_WAIT_MS = 1_000
const NO_BYTES = Buffer.alloc(0)

/**
 * One client's connection, as long as all it sends are plain requests for /v1/graphql, whole and one by one.
 * At the first bytes that are anything else the connection goes to Node.js' HTTP server, which judges them.
 */
export class LaneConnection {
  readonly #socket: Socket
  readonly #parts: LaneParts
  /** Received and not answered, from `#at` on. */
  #bytes: Buffer = NO_BYTES
  #at = 0
  /** Of the head at `#at`, with the empty line that ends it. */
  #headLength = 0
  /** Answers that are not written yet. */
  #gathered = ''
  #isBusy = false
  #isLast = false
  #partial: NodeJS.Timeout | undefined

  constructor(socket: Socket, parts: LaneParts) {
    this.#socket = socket
    this.#parts = parts
    socket.setNoDelay(true)
    socket.setTimeout(parts.keepAliveTimeoutMs)
    socket.on('data', this.#onData)
    socket.on('timeout', this.#onTimeout)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  /** Ends it at once when it is idle, else behind the answer to what it has sent of a request. */
  finish(): void {
    this.#isLast = true
    if (!this.#isBusy && this.#bytes.length === 0) this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    this.#stopWaiting()
    this.#serve()
  }

  readonly #onTimeout = (): void => {
    if (!this.#isBusy) this.#socket.destroy()
  }

  readonly #onError = (): void => {
    this.#socket.destroy()
  }

  readonly #onClose = (): void => {
    this.#stopWaiting()
    this.#parts.closed(this)
  }

  /** Answers what is there, until bytes are missing, an answer takes time or the client does not read. */
  #serve(): void {
    while (this.#at < this.#bytes.length) {
      const head = this.#readHead()
      if (head === undefined) return
      const bodyAt = this.#at + this.#headLength
      const end = bodyAt + head.contentLength
      const request = this.#parts.requestHead(head, this.#socket)
      const answer = this.#parts.answer(request, this.#bytes.subarray(bodyAt, end))
      this.#at = end
      if (isPromise(answer)) {
        this.#waitFor(answer, request)
        return
      }
      this.#put(answer, request)
      if (this.#isLast) {
        if (this.#flush()) this.#socket.end()
        return
      }
      if (this.#gathered.length > GATHERED_LENGTH_MAX && !this.#flush()) return
    }
    this.#bytes = NO_BYTES
    this.#at = 0
    this.#flush()
  }

  /** The next request's head once all of the request is here; else the connection waits, or goes away. */
  #readHead(): LaneHead | undefined {
    const headEnd = this.#bytes.indexOf(HEAD_END, this.#at, 'latin1')
    if (headEnd < 0) {
      if (this.#mayBecomeHead()) this.#waitForRest()
      else this.#handOver()
      return undefined
    }
    const isTooLong = headEnd - this.#at > HEAD_BYTES_MAX
    const head = isTooLong
      ? undefined
      : this.#parts.heads.read(this.#bytes.subarray(this.#at, headEnd))
    if (head === undefined || head.contentLength > this.#parts.bodyBytesMax) {
      this.#handOver()
      return undefined
    }
    this.#headLength = headEnd + HEAD_END.length - this.#at
    if (this.#at + this.#headLength + head.contentLength <= this.#bytes.length) return head
    this.#waitForRest()
    return undefined
  }

  #mayBecomeHead(): boolean {
    const length = this.#bytes.length - this.#at
    if (length > HEAD_BYTES_MAX) return false
    const known = Math.min(length, REQUEST_LINE.length)
    const start = this.#bytes.toString('latin1', this.#at, this.#at + known)
    return REQUEST_LINE.startsWith(start)
  }

  #waitForRest(): void {
    if (!this.#flush()) return
    this.#partial = setTimeout(() => this.#handOver(), PARTIAL_WAIT_MS)
  }

  #stopWaiting(): void {
    if (this.#partial === undefined) return
    clearTimeout(this.#partial)
    this.#partial = undefined
  }

  /** Later requests of the connection stay unread, so that answers keep their order. */
  #waitFor(late: Promise<Answer>, request: RequestHead): void {
    this.#flush()
    this.#pause()
    late
      .then((answer) => {
        validateHeaders(answer.headers)
        this.#put(answer, request)
        if (this.#flush()) this.#goOn()
      })
      .catch(() => this.#socket.destroy())
  }

  #put(answer: Answer, request: RequestHead): void {
    if (this.#socket.destroyed) return
    const { body } = answer
    this.#gathered += this.#parts.answers.head(answer, request, this.#isLast)
    if (body.length <= JOINED_BODY_BYTES_MAX) {
      this.#gathered += body.toString('latin1')
    } else {
      this.#socket.cork()
      this.#flush()
      this.#socket.write(body)
      this.#socket.uncork()
    }
    this.#parts.answered(request, answer)
  }

  /** False when the client has to read first: the connection goes on by itself once it has. */
  #flush(): boolean {
    if (this.#gathered !== '') {
      this.#socket.write(this.#gathered, 'latin1')
      this.#gathered = ''
    }
    if (!this.#socket.writableNeedDrain) return true
    this.#pause()
    this.#socket.once('drain', () => this.#goOn())
    return false
  }

  #pause(): void {
    this.#isBusy = true
    this.#socket.pause()
  }

  #goOn(): void {
    this.#isBusy = false
    if (this.#socket.destroyed) return
    if (this.#isLast) {
      this.#socket.end()
      return
    }
    this.#serve()
    if (!this.#isBusy) this.#socket.resume()
  }

  #handOver(): void {
    if (!this.#flush()) return
    this.#stopWaiting()
    const socket = this.#socket
    socket.off('data', this.#onData)
    socket.off('timeout', this.#onTimeout)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
    socket.setTimeout(0)
    this.#parts.closed(this)
    this.#parts.handOver(socket, this.#bytes.subarray(this.#at))
  }
}
