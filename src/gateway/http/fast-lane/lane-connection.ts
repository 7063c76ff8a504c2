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
/** Pieces are put together by copying; who sends more of them is served by a parser that need not. */
const PIECES_MAX = 16
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
  /** An answer takes time, or the client does not read what was written: nothing is read meanwhile. */
  #isAnswering = false
  #isDraining = false
  /** The next answer is the connection's last. */
  #isFinishing = false
  /** In how many pieces what is there of the next request came. */
  #pieces = 0
  #partial: NodeJS.Timeout | undefined

  constructor(socket: Socket, parts: LaneParts) {
    this.#socket = socket
    this.#parts = parts
    socket.setNoDelay(true)
    socket.setTimeout(parts.keepAliveTimeoutMs)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('timeout', this.#onTimeout)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  /** Ends it now when it is idle, else behind the answer to what it has sent of a request. */
  finish(): void {
    this.#isFinishing = true
    if (!this.#isBusy && this.#bytes.length === 0) this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  get #isBusy(): boolean {
    return this.#isAnswering || this.#isDraining
  }

  readonly #onData = (chunk: Buffer): void => {
    const unread = this.#bytes.subarray(this.#at)
    this.#bytes = unread.length === 0 ? chunk : Buffer.concat([unread, chunk])
    this.#at = 0
    this.#pieces += 1
    this.#stopWaiting()
    this.#serve()
  }

  /** Told after all that came before was answered. The server's half stays open unless it is ended. */
  readonly #onEnd = (): void => {
    this.#socket.destroySoon()
  }

  /** The client is idle, or does not read. */
  readonly #onTimeout = (): void => {
    if (!this.#isAnswering) this.#socket.destroy()
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
      this.#pieces = 1
      if (isPromise(answer)) {
        this.#waitFor(answer, request)
        return
      }
      this.#put(answer, request)
      if (this.#gathered.length > GATHERED_LENGTH_MAX || this.#isFinishing) this.#flush()
      if (this.#isDraining) return
      if (this.#isFinishing) {
        this.#socket.destroySoon()
        return
      }
    }
    this.#bytes = NO_BYTES
    this.#at = 0
    this.#pieces = 0
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
    this.#flush()
    if (this.#isDraining) return
    if (this.#pieces > PIECES_MAX) this.#handOver()
    else this.#partial = setTimeout(() => this.#handOver(), PARTIAL_WAIT_MS)
  }

  #stopWaiting(): void {
    if (this.#partial === undefined) return
    clearTimeout(this.#partial)
    this.#partial = undefined
  }

  /** Later requests of the connection stay unread, so that answers keep their order. */
  #waitFor(late: Promise<Answer>, request: RequestHead): void {
    this.#isAnswering = true
    this.#flush()
    this.#socket.pause()
    late
      .then((answer) => {
        validateHeaders(answer.headers)
        this.#isAnswering = false
        this.#put(answer, request)
        this.#flush()
        this.#goOn()
      })
      .catch(() => this.#socket.destroy())
  }

  #put(answer: Answer, request: RequestHead): void {
    if (this.#socket.destroyed) return
    const { body } = answer
    this.#gathered += this.#parts.answers.head(answer, request, this.#isFinishing)
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

  #flush(): void {
    if (this.#gathered !== '') {
      this.#socket.write(this.#gathered, 'latin1')
      this.#gathered = ''
    }
    if (this.#isDraining || !this.#socket.writableNeedDrain) return
    this.#isDraining = true
    this.#socket.pause()
    this.#socket.once('drain', () => {
      this.#isDraining = false
      this.#goOn()
    })
  }

  /** Unless it still waits for something, with what came meanwhile. */
  #goOn(): void {
    if (this.#isBusy || this.#socket.destroyed) return
    if (this.#isFinishing) {
      this.#socket.destroySoon()
      return
    }
    this.#serve()
    if (!this.#isBusy) this.#socket.resume()
  }

  /** Not before the client has read its answers: it comes here again once it has. */
  #handOver(): void {
    this.#flush()
    if (this.#isDraining) return
    this.#stopWaiting()
    const socket = this.#socket
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('timeout', this.#onTimeout)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
    socket.setTimeout(0)
    this.#parts.closed(this)
    this.#parts.handOver(socket, this.#bytes.subarray(this.#at))
  }
}
