import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RawData, WebSocket } from 'ws'
import type { Clock } from '../../shared/clock.ts'
import type { Authenticator, Identity, RequestHeaders } from '../auth/authenticator.ts'
import { RequestError } from '../errors.ts'
import type { ExecutionResult, Executor } from '../execute.ts'
import type { JsonValue } from '../json.ts'
import { type GraphQLRequest, toGraphQLRequest } from '../request/body.ts'
import { LiveQuery } from './live-query.ts'
import { type ClientMessage, parseClientMessage } from './messages.ts'

export interface ConnectionOptions {
  readonly authenticator: Authenticator
  readonly executor: Executor
  readonly clock: Clock
  /** How often a subscription looks for changes. */
  readonly pollIntervalMs: number
}

const INIT_TIMEOUT_MS = 3_000
const KEEPALIVE_MS = 5_000
const OPERATIONS_MAX = 100
/** A client that sends faster than it is served is not read on; this much it may have sent before. */
const WAITING_MAX = 1_000
/** A client that does not read gets no more of its subscriptions, and beyond the second is given up. */
const BUFFERED_BYTES_SLOW = 1_048_576
const BUFFERED_BYTES_MAX = 67_108_864
const REASON_BYTES_MAX = 123
/** What setTimeout can count. */
const TIMEOUT_MAX_MS = 2_147_483_647

const NORMAL = 1000
const INTERNAL_ERROR = 1011
const BAD_MESSAGE = 4400
const FORBIDDEN = 4403
const INIT_TIMEOUT = 4408
const TOO_MANY = 4429

/** One client that speaks graphql-transport-ws, as Hasura answers it. */
export class Connection {
  readonly #socket: WebSocket
  /** Of the handshake; those of `connection_init` win. */
  readonly #handshake: RequestHeaders
  readonly #options: ConnectionOptions
  readonly #operations = new Map<string, LiveQuery | undefined>()
  #identity: Identity | undefined
  #initTimer: NodeJS.Timeout | undefined
  #keepalive: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined
  /** Messages are handled one after the other. */
  #turn: Promise<void> = Promise.resolve()
  #waitingCount = 0

  constructor(socket: WebSocket, handshake: RequestHeaders, options: ConnectionOptions) {
    this.#socket = socket
    this.#handshake = handshake
    this.#options = options
  }

  start(): void {
    const socket = this.#socket
    this.#initTimer = setTimeout(
      () => socket.close(INIT_TIMEOUT, 'Connection initialisation timed out'),
      INIT_TIMEOUT_MS,
    )
    socket.on('message', (data) => this.#enqueue(toText(data)))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => this.#end())
  }

  #end(): void {
    clearTimeout(this.#initTimer)
    clearInterval(this.#keepalive)
    clearTimeout(this.#expiry)
    for (const operation of this.#operations.values()) operation?.stop()
    this.#operations.clear()
  }

  #enqueue(text: string): void {
    this.#waitingCount += 1
    if (this.#waitingCount > WAITING_MAX) {
      this.#close(TOO_MANY, 'too many messages')
      return
    }
    this.#socket.pause()
    this.#turn = this.#turn.then(async () => {
      if (this.#isOpen) await this.#handleText(text)
      // Postgres answers within this turn: many messages at once would keep everyone else waiting.
      await nextTurn()
      this.#waitingCount -= 1
      if (this.#waitingCount === 0) this.#socket.resume()
    })
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  async #handleText(text: string): Promise<void> {
    try {
      await this.#handle(parseClientMessage(text))
    } catch (error) {
      if (error instanceof SyntaxError) {
        this.#close(BAD_MESSAGE, `Parsing client message failed: ${error.message}`)
      } else {
        this.#socket.close(INTERNAL_ERROR, 'internal error')
      }
    }
  }

  async #handle(message: ClientMessage): Promise<void> {
    switch (message.type) {
      case 'connection_init':
        return await this.#initialise(message.headers)
      case 'subscribe':
        return await this.#subscribe(message.id, message.payload)
      case 'complete':
        this.#operations.get(message.id)?.stop()
        this.#operations.delete(message.id)
        return
      case 'ping':
        return this.#send('{"type":"pong"}')
      case 'pong':
        return
    }
  }

  async #initialise(headers: RequestHeaders): Promise<void> {
    if (this.#identity !== undefined) {
      this.#socket.close(TOO_MANY, 'Too many initialisation requests')
      return
    }
    clearTimeout(this.#initTimer)
    try {
      const all = new Map([...this.#handshake, ...headers])
      this.#identity = await this.#options.authenticator.authenticate(all)
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      this.#close(FORBIDDEN, 'Forbidden')
      return
    }
    this.#endWithToken(this.#identity)
    this.#send('{"type":"connection_ack"}')
    const keepalive = '{"type":"ping","payload":{"message":"keepalive"}}'
    this.#send(keepalive)
    this.#keepalive = setInterval(() => this.#send(keepalive), KEEPALIVE_MS)
  }

  #endWithToken({ expiresAtMs }: Identity): void {
    if (expiresAtMs === undefined) return
    const restMs = Math.min(expiresAtMs - this.#options.clock.nowMs(), TIMEOUT_MAX_MS)
    this.#expiry = setTimeout(() => this.#close(FORBIDDEN, 'Forbidden'), restMs)
  }

  async #subscribe(id: string, payload: JsonValue): Promise<void> {
    const identity = this.#identity
    if (identity === undefined) {
      return this.#refuse(id, 'start received before the connection is initialised')
    }
    if (this.#operations.has(id)) {
      return this.#refuse(id, `an operation already exists with this id: ${id}`)
    }
    if (this.#operations.size >= OPERATIONS_MAX) {
      return this.#sendError(id, new RequestError('start-failed', 'too many operations').toBody())
    }
    const request = readRequest(payload)
    if (request instanceof RequestError) return this.#sendError(id, request.toBody())
    const { executor } = this.#options
    const execute = (): Promise<ExecutionResult> =>
      executor.execute(request, identity.session, 'websocket')
    if (executor.isSubscription(request)) return this.#follow(id, execute)

    this.#operations.set(id, undefined)
    const { status, body } = await execute()
    this.#operations.delete(id)
    if (status !== 200) return this.#sendError(id, body)
    this.#sendNext(id, body)
    this.#send(`{"type":"complete","id":${JSON.stringify(id)}}`)
  }

  #follow(id: string, execute: () => Promise<ExecutionResult>): void {
    const query = new LiveQuery({
      execute,
      intervalMs: this.#options.pollIntervalMs,
      canSend: () => this.#socket.bufferedAmount < BUFFERED_BYTES_SLOW,
      onChange: (body) => this.#sendNext(id, body),
      onError: (body) => {
        this.#operations.delete(id)
        this.#sendError(id, body)
      },
    })
    this.#operations.set(id, query)
    query.start()
  }

  /** A mistake in the protocol: told, and the connection ends. */
  #refuse(id: string, message: string): void {
    this.#sendError(id, new RequestError('start-failed', message).toBody())
    this.#socket.close(NORMAL)
  }

  #sendNext(id: string, body: string): void {
    this.#send(`{"type":"next","id":${JSON.stringify(id)},"payload":${body}}`)
  }

  /** The protocol wants the list of errors alone. */
  #sendError(id: string, body: string): void {
    const { errors }: { errors: unknown } = JSON.parse(body)
    this.#send(JSON.stringify({ type: 'error', id, payload: errors }))
  }

  #send(text: string): void {
    if (!this.#isOpen) return
    this.#socket.send(text)
    if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX) this.#socket.terminate()
  }

  #close(code: number, message: string): void {
    const reason = JSON.stringify({ server_error_msg: `${code}: ${message}` })
    const isShort = Buffer.byteLength(reason) <= REASON_BYTES_MAX
    this.#socket.close(code, isShort ? reason : `${code}`)
  }
}

function toText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString()
}

function readRequest(payload: JsonValue): GraphQLRequest | RequestError {
  try {
    return toGraphQLRequest(payload)
  } catch (error) {
    if (error instanceof RequestError) return error
    throw error
  }
}
