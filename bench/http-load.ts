import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  readonly port: number
  /** The bytes of the `index`-th request, head and body. */
  readonly request: (index: number) => Buffer
  readonly connections: number
  /** Ends after so long, or after so many answers. */
  readonly durationMs?: number
  readonly requests?: number
}

export interface LoadResult {
  readonly answers: number
  readonly seconds: number
  /** Sorted. */
  readonly latenciesMs: readonly number[]
}

const HEAD_END = '\r\n\r\n'
const STATUS_AT = 9

/**
 * Asks over keep-alive connections, one request at a time on each, as fast as it is answered. An HTTP client
 * library would spend more on a request than the servers that are measured; this reads of an answer what
 * tells where it ends, and fails on any status but 200.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { durationMs = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY } = options
  const latenciesMs: number[] = []
  const start = performance.now()
  let sent = 0
  const next = (): Buffer | undefined => {
    if (sent >= requests || performance.now() - start >= durationMs) return undefined
    sent += 1
    return options.request(sent - 1)
  }
  const clients = Array.from({ length: options.connections }, () =>
    ask(options.port, next, latenciesMs),
  )
  await Promise.all(clients)
  const seconds = (performance.now() - start) / 1_000
  return {
    answers: latenciesMs.length,
    seconds,
    latenciesMs: latenciesMs.sort((left, right) => left - right),
  }
}

async function ask(
  port: number,
  next: () => Buffer | undefined,
  latenciesMs: number[],
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  await new Promise<void>((done, fail) => {
    let answer: Buffer = EMPTY
    let sentAt = 0
    const send = (): void => {
      const request = next()
      if (request === undefined) {
        socket.end(done)
        return
      }
      sentAt = performance.now()
      socket.write(request)
    }
    socket.on('data', (chunk: Buffer) => {
      answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk])
      const end = answerEnd(answer)
      if (end === undefined || answer.length < end) return
      if (answer.length > end) fail(new Error('more bytes than one answer has'))
      const status = answer.toString('latin1', STATUS_AT, STATUS_AT + 3)
      if (status !== '200') fail(new Error(`answered with ${answer.toString('latin1', 0, 400)}`))
      answer = EMPTY
      latenciesMs.push(performance.now() - sentAt)
      send()
    })
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('the server closed a connection')))
    send()
  }).finally(() => end(socket))
}

const EMPTY = Buffer.alloc(0)

/** How many bytes the answer has, once its head is there. */
function answerEnd(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, headEnd))
  if (length === null) throw new Error('an answer without Content-Length')
  return headEnd + HEAD_END.length + Number(length[1])
}

function end(socket: Socket): void {
  socket.removeAllListeners()
  socket.on('error', () => undefined)
  socket.destroy()
}
