import type { Socket } from 'node:net'
import type { Client } from '../execution/client.ts'
import type { Executor } from '../execution/executor.ts'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import { type ParserLimits, RequestParser } from '../protocol/request-parser.ts'
import type { RespWriter } from '../protocol/resp-writer.ts'
import type { OutputLimit } from './output-limits.ts'

/** Replies leave when they are so long, though the turn has not ended. */
const WRITE_BYTES_MAX = 1_024 ** 2
/** A client that leaves so much unread is not read from until it has taken it. */
const UNSENT_BYTES_MAX = 1_024 ** 2

const NO_BYTES = new Uint8Array(0)

/** Totals of all connections: INFO's stats section. */
export interface Traffic {
  inputBytes: number
  outputBytes: number
  reads: number
  writes: number
  /** Clients that were hung up on. */
  queryLimitDisconnections: number
  outputLimitDisconnections: number
}

/** What connections of one server share. */
export interface ConnectionShare {
  readonly executor: Executor
  /** A turn fills it and hands it to one socket. */
  readonly writer: RespWriter
  /** proto-max-bulk-len and client-query-buffer-limit, as they are now. */
  bulkBytesMax: number
  requestBytesMax: number
  outputLimit: OutputLimit
  readonly traffic: Traffic
  /** A bug of ours, or the end of memory, in the middle of a command. */
  readonly onFailure: (error: unknown) => void
}

/** One socket: bytes in, commands run, replies out in one write per turn. */
export class Connection {
  readonly client: Client
  readonly #socket: Socket
  readonly #share: ConnectionShare
  readonly #parser: RequestParser
  readonly #argv = new ArgumentVector()
  readonly #parserLimits: ParserLimits = { bulkBytesMax: 0, isAuthenticated: false }
  /** What has been received and not run; its first `#pendingLength` bytes count. */
  #pending = NO_BYTES
  #pendingLength = 0
  #isBlocked = false
  /** Since when it has left more unread than the soft limit allows. */
  #overSoftLimitSinceMs: number | undefined

  constructor(socket: Socket, client: Client, share: ConnectionShare) {
    this.client = client
    this.#socket = socket
    this.#share = share
    this.#parser = new RequestParser(this.#argv)
    socket.on('drain', () => this.#unblock())
  }

  /** Bytes held for requests to come and for replies not taken yet: they count as memory in use. */
  get bufferBytes(): number {
    return this.inputBytes + this.outputBytes
  }

  get inputBytes(): number {
    return this.#pending.length
  }

  get outputBytes(): number {
    return this.#socket.writableLength
  }

  /** Hangs up on a client that does not take its replies. Called after writing, and once a cycle. */
  enforceOutputLimit(nowMs: number): void {
    const { hardBytes, softBytes, softMs } = this.#share.outputLimit
    const unsentBytes = this.outputBytes
    const isOverSoftLimit = softBytes > 0 && unsentBytes > softBytes
    if (!isOverSoftLimit) this.#overSoftLimitSinceMs = undefined
    else this.#overSoftLimitSinceMs ??= nowMs
    const isOverLong = nowMs - (this.#overSoftLimitSinceMs ?? nowMs) > softMs
    if (!(hardBytes > 0 && unsentBytes > hardBytes) && !isOverLong) return
    this.#share.traffic.outputLimitDisconnections += 1
    this.client.isClosing = true
    this.#socket.destroy()
  }

  /** Takes what a socket has received; keeps nothing of its memory. */
  receive(bytes: Uint8Array, length: number): void {
    if (this.client.isClosing) return
    this.#share.traffic.inputBytes += length
    this.#share.traffic.reads += 1
    if (this.#pendingLength > 0) {
      this.#append(bytes, length)
      this.#runPending()
      return
    }
    const consumed = this.#run(bytes, length)
    if (consumed < length) this.#append(bytes.subarray(consumed), length - consumed)
  }

  #unblock(): void {
    if (!this.#isBlocked || this.client.isClosing) return
    this.#isBlocked = false
    this.#runPending()
    if (!this.#isBlocked) this.#socket.resume()
  }

  #runPending(): void {
    const consumed = this.#run(this.#pending, this.#pendingLength)
    if (consumed === 0) return
    this.#pending.copyWithin(0, consumed, this.#pendingLength)
    this.#pendingLength -= consumed
    if (this.#pendingLength === 0) this.#pending = NO_BYTES
  }

  /** Runs what can be run; gives how many bytes that was. */
  #run(bytes: Uint8Array, length: number): number {
    try {
      this.#share.executor.beginTurn()
      const consumed = this.#runRequests(bytes, length)
      this.#share.executor.endTurn()
      if (!this.#isBlocked && length - consumed > this.#share.requestBytesMax) {
        this.client.isClosing = true
        this.#share.traffic.queryLimitDisconnections += 1
      }
      this.#write()
      if (this.client.isClosing) this.#socket.destroySoon()
      return consumed
    } catch (error) {
      // Half a reply may have been written: nobody could read on from there.
      this.#share.executor.endTurn()
      this.#share.writer.clear()
      this.#share.onFailure(error)
      this.client.isClosing = true
      this.#socket.destroy()
      return length
    }
  }

  /** All whole requests, unless the client closes or does not take its replies. */
  #runRequests(bytes: Uint8Array, length: number): number {
    const { executor, writer } = this.#share
    this.#parserLimits.bulkBytesMax = this.#share.bulkBytesMax
    let start = 0
    while (start < length && !this.client.isClosing && !this.#isBlocked) {
      this.#parserLimits.isAuthenticated = this.client.isAuthenticated
      const result = this.#parser.parse(bytes, start, length, this.#parserLimits)
      if (result === 'incomplete') break
      writer.protocol = this.client.protocol
      if (result === 'error') {
        executor.error(writer, this.#parser.error)
        this.client.isClosing = true
        break
      }
      if (result === 'command') executor.execute(this.client, this.#argv, writer)
      start = this.#parser.end
      if (writer.length >= WRITE_BYTES_MAX) this.#write()
    }
    return start
  }

  #append(bytes: Uint8Array, length: number): void {
    const needed = this.#pendingLength + length
    if (needed > this.#pending.length) {
      const larger = new Uint8Array(Math.max(needed, this.#pending.length * 2))
      larger.set(this.#pending.subarray(0, this.#pendingLength))
      this.#pending = larger
    }
    this.#pending.set(bytes.subarray(0, length), this.#pendingLength)
    this.#pendingLength = needed
  }

  #write(): void {
    const { writer } = this.#share
    if (writer.length === 0) return
    this.#share.traffic.outputBytes += writer.length
    this.#share.traffic.writes += 1
    this.#socket.write(writer.written())
    const unsentBytes = this.#socket.writableLength
    // What the kernel has not taken is still the socket's: it may not be written over.
    if (unsentBytes > 0) writer.leave()
    else writer.clear()
    if (unsentBytes > 0) this.enforceOutputLimit(this.#share.executor.nowMs)
    if (unsentBytes <= UNSENT_BYTES_MAX || this.#isBlocked) return
    this.#isBlocked = true
    this.#socket.pause()
  }
}
