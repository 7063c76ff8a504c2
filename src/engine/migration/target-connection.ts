import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** An answer of the target is one line; a longer one is none. */
const LINE_BYTES_MAX = 65_536
/** Longer ones Node.js takes for no time at all. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** What was being done when it failed, in Redis' words. */
export type FailedStep = 'connecting' | 'writing' | 'reading'

export interface ExchangeFailure {
  readonly step: FailedStep
  readonly isTimeout: boolean
}

/** What came back; of a failed exchange, as far as it came. */
export interface ExchangeResult {
  readonly lines: readonly string[]
  readonly failure: ExchangeFailure | undefined
}

export interface Exchange {
  readonly bytes: Uint8Array
  /** Lines that are to come back. */
  readonly lineCount: number
  /** How long nothing may move. */
  readonly timeoutMs: number
  readonly done: (result: ExchangeResult) => void
}

/** To the target of a migration: commands there, a line back for each. One exchange at a time. */
export class TargetConnection {
  /** What SELECT has chosen; -1 when it is not known. */
  selectedDatabase = -1
  readonly #socket: Socket
  readonly #onClosed: () => void
  #exchange: Exchange | undefined
  #lines: string[] = []
  #text = ''
  #step: FailedStep = 'connecting'

  /** `onClosed` is called when it is of no use any more. */
  constructor(socket: Socket, onClosed: () => void) {
    this.#socket = socket
    this.#onClosed = onClosed
    socket.setNoDelay(true)
    socket.on(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      this.#step = 'writing'
    })
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('timeout', () => this.#fail(true))
    socket.on('error', (error) => this.#refused(error))
    // The target may hang up between two exchanges, too.
    socket.on('close', () => this.#fail(false))
    socket.on('end', () => this.#fail(false))
  }

  exchange(exchange: Exchange): void {
    this.#exchange = exchange
    this.#lines = []
    this.#text = ''
    if (this.#step === 'reading') this.#step = 'writing'
    this.#socket.ref()
    this.#socket.setTimeout(Math.min(exchange.timeoutMs, TIMER_MS_MAX))
    this.#socket.write(exchange.bytes, (error) => {
      const isCurrent = this.#exchange === exchange
      if (isCurrent && (error === undefined || error === null)) this.#step = 'reading'
    })
  }

  close(): void {
    this.#exchange = undefined
    this.#socket.destroy()
  }

  #receive(bytes: Buffer): void {
    const exchange = this.#exchange
    const lines = this.#lines
    // Nobody asked for anything: whatever it is, it would be taken for an answer later.
    if (exchange === undefined) return this.#fail(false)
    this.#step = 'reading'
    const parts = (this.#text + bytes.toString('latin1')).split('\n')
    this.#text = parts.pop() ?? ''
    for (const part of parts) {
      if (lines.length === exchange.lineCount || !isAnswer(part)) return this.#fail(false)
      lines.push(part.endsWith('\r') ? part.slice(0, -1) : part)
    }
    if (this.#text.length > LINE_BYTES_MAX) return this.#fail(false)
    if (lines.length === exchange.lineCount) this.#end(undefined)
  }

  /** To Redis a connection that was refused is one that cannot be written to, a name without address none at all. */
  #refused(error: Error): void {
    const isKnown = !('syscall' in error) || error.syscall !== 'getaddrinfo'
    const isPlain = !(this.#socket instanceof TLSSocket)
    if (this.#step === 'connecting' && isKnown && isPlain) this.#step = 'writing'
    this.#fail(false)
  }

  #fail(isTimeout: boolean): void {
    this.#socket.destroy()
    this.#onClosed()
    this.#end({ step: this.#step, isTimeout })
  }

  #end(failure: ExchangeFailure | undefined): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    this.#socket.setTimeout(0)
    // Kept for the next one, it keeps no process alive.
    this.#socket.unref()
    exchange.done({ lines: this.#lines, failure })
  }
}

/** A status, a number, or an error. What else speaks there is no Redis: no key is entrusted to it. */
function isAnswer(line: string): boolean {
  return line.startsWith('+') || line.startsWith(':') || line.startsWith('-')
}
