import type { Socket } from 'node:net'
import type { Client } from '../execution/client.ts'
import type { Executor } from '../execution/executor.ts'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import { type ParserLimits, RequestParser } from '../protocol/request-parser.ts'
import type { RespWriter } from '../protocol/resp-writer.ts'

/** A client that does not read its replies is cut off beyond this, as Redis does with a hard limit. */
const UNSENT_BYTES_MAX = 256 * 1_024 ** 2

export interface ConnectionLimits {
  readonly bulkBytesMax: () => number
  /** client-query-buffer-limit. */
  readonly requestBytesMax: () => number
}

export interface ConnectionOptions {
  readonly socket: Socket
  readonly client: Client
  readonly executor: Executor
  /** One for all connections: a turn fills it and hands it to one socket. */
  readonly writer: RespWriter
  readonly limits: ConnectionLimits
}

/** One socket: bytes in, commands run, replies out in one write per turn. */
export class Connection {
  readonly client: Client
  readonly #socket: Socket
  readonly #executor: Executor
  readonly #writer: RespWriter
  readonly #limits: ConnectionLimits
  readonly #parser: RequestParser
  readonly #argv = new ArgumentVector()
  readonly #parserLimits: ParserLimits = { bulkBytesMax: 0, isAuthenticated: false }
  /** The start of a request that has not arrived whole; its first `#pendingLength` bytes count. */
  #pending = Buffer.alloc(0)
  #pendingLength = 0

  constructor(options: ConnectionOptions) {
    this.client = options.client
    this.#socket = options.socket
    this.#executor = options.executor
    this.#writer = options.writer
    this.#limits = options.limits
    this.#parser = new RequestParser(this.#argv)
  }

  /** Bytes held for a request to come and for replies not taken yet: they count as memory in use. */
  get bufferBytes(): number {
    return this.#pending.length + this.#socket.writableLength
  }

  /** Takes a chunk of the socket; keeps nothing of its memory. */
  receive(chunk: Buffer): void {
    if (this.client.isClosing) return
    this.#executor.beginTurn()
    if (this.#pendingLength === 0) {
      const consumed = this.#process(chunk, chunk.length)
      this.#keep(chunk.subarray(consumed))
    } else {
      this.#append(chunk)
      const consumed = this.#process(this.#pending, this.#pendingLength)
      this.#pending.copyWithin(0, consumed, this.#pendingLength)
      this.#pendingLength -= consumed
      if (this.#pendingLength === 0) this.#pending = Buffer.alloc(0)
    }
    this.#flush()
  }

  /** Runs every whole request; gives how many bytes they were. */
  #process(bytes: Buffer, length: number): number {
    let start = 0
    this.#parserLimits.bulkBytesMax = this.#limits.bulkBytesMax()
    while (start < length && !this.client.isClosing) {
      this.#parserLimits.isAuthenticated = this.client.isAuthenticated
      const result = this.#parser.parse(bytes, start, length, this.#parserLimits)
      if (result === 'incomplete') break
      this.#writer.protocol = this.client.protocol
      if (result === 'error') {
        this.#executor.error(this.#writer, this.#parser.error)
        this.client.isClosing = true
        break
      }
      if (result === 'command') this.#executor.execute(this.client, this.#argv, this.#writer)
      start = this.#parser.end
    }
    if (length - start > this.#limits.requestBytesMax()) this.client.isClosing = true
    return start
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return
    this.#pending = Buffer.from(rest)
    this.#pendingLength = rest.length
  }

  #append(chunk: Buffer): void {
    const needed = this.#pendingLength + chunk.length
    if (needed > this.#pending.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#pending.length * 2))
      this.#pending.copy(larger, 0, 0, this.#pendingLength)
      this.#pending = larger
    }
    chunk.copy(this.#pending, this.#pendingLength)
    this.#pendingLength = needed
  }

  #flush(): void {
    if (this.#writer.length > 0) {
      this.#socket.write(this.#writer.written())
      // What the kernel has not taken is still the socket's: it may not be written over.
      if (this.#socket.writableLength > 0) this.#writer.leave()
      else this.#writer.clear()
    }
    if (this.client.isClosing) this.#socket.end()
    else if (this.#socket.writableLength > UNSENT_BYTES_MAX) this.#socket.destroy()
  }
}
