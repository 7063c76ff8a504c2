import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parseReply, type Reply } from './reply.ts'

const REPLY_MS_MAX = 10_000

interface Waiter {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

/** A plain client: latin1 text in, replies of any kind out; an error reply is a value like any other. */
export class RespClient {
  readonly #socket: Socket
  readonly #waiters: Waiter[] = []
  #unread: Buffer = Buffer.alloc(0)
  #failure: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('connection closed')))
    socket.setTimeout(REPLY_MS_MAX, () => {
      if (this.#waiters.length > 0) this.#fail(new Error('no reply in time'))
    })
  }

  static async connect(port: number): Promise<RespClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new RespClient(socket)
  }

  /** Rejects when the connection ends, or no reply comes in time. */
  call(argv: readonly string[]): Promise<Reply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#socket.write(encode(argv), 'latin1')
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk
    let start = 0
    try {
      for (;;) {
        const parsed = start < bytes.length ? parseReply(bytes, start) : undefined
        if (parsed === undefined) break
        start = parsed.end
        if (parsed.reply.type !== 'push') this.#waiters.shift()?.resolve(parsed.reply)
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
    this.#unread = bytes.subarray(start)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#socket.destroy()
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#failure)
  }
}

/** A command as clients send it; each character of `argv` is one byte. */
export function encode(argv: readonly string[]): string {
  const bulks = argv.map((argument) => `$${argument.length}\r\n${argument}\r\n`)
  return `*${argv.length}\r\n${bulks.join('')}`
}
