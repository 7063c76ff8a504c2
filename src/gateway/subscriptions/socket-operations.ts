import type { IncomingHttpHeaders } from 'node:http'
import { type Awaitable, chain, isPromise, recovered } from '../../shared/awaitable.ts'
import { canonicalJson, isJsonObject, parseJson } from '../graphql/lossless-json.ts'
import type { JsonObject, JsonValue } from '../graphql/operation.ts'
import type { Answer, RequestHead } from '../http/answer.ts'
import type { SocketDecision, SocketOperation } from '../http/socket-operation.ts'
import type { Identity } from '../identity/identity.ts'
import { withoutSuggestions } from '../limits/suggestions.ts'
import {
  clientHeaders,
  initWithIdentity,
  refusedInit,
  type SocketRefusal,
} from './connection-init.ts'

export interface SocketOperationsOptions {
  /** Of the handshake. */
  readonly head: RequestHead
  /** graphql-transport-ws, or the older graphql-ws. */
  readonly isTransport: boolean
  /** Headers that hold a token, in lower case, but for Authorization. */
  readonly tokenHeaders: readonly string[]
  readonly jsonDepthMax: number
  /** Called with the headers of `connection_init` among those of the handshake. */
  readonly initialised: (headers: IncomingHttpHeaders) => void
  readonly decide: (operation: SocketOperation) => Awaitable<SocketDecision>
  /** Who sends these headers. Refusals are thrown, or rejected, as GatewayError. */
  readonly identify: (headers: IncomingHttpHeaders) => Awaitable<Identity>
  /** Hasura is told who asks; else it finds out by itself. */
  readonly tellsUpstream: boolean
  /** Called once it is known who asks. */
  readonly identified: (identity: Identity) => void
  /** Sends a message to the client. */
  readonly send: (message: string) => void
}

/** What becomes of a client's message: passed on, perhaps in another form, or answered here. */
export type SocketFate =
  | { readonly forward: Buffer }
  | { readonly refusal: SocketRefusal }
  | 'taken'
  | 'unreadable'

const BEGINNINGS: ReadonlySet<unknown> = new Set(['subscribe', 'start'])
const ENDINGS: ReadonlySet<unknown> = new Set(['complete', 'stop'])
/** Operations answered here at once; more go to Hasura. */
const ANSWERS_MAX = 100
/** Ids that Hasura was told, which an operation answered here must not have. */
const IDS_MAX = 1_000

/**
 * Answers queries of one WebSocket connection out of the cache, like those of POST /v1/graphql, and counts all
 * operations against the limits. Whatever is not such a query goes to Hasura, and so does every message until
 * it is known who asks.
 */
export class SocketOperations {
  readonly #options: SocketOperationsOptions
  #head: RequestHead | undefined
  /** Whom Hasura was told; nobody where it finds out by itself. */
  #told: Identity | undefined
  #isAcknowledged = false
  #hidesSuggestions = false
  /** Being answered here; those that the client ends are taken out. */
  readonly #answering = new Map<string, object>()
  readonly #forwarded = new Set<string>()

  constructor(options: SocketOperationsOptions) {
    this.#options = options
    // Where Hasura is told, there is nobody before that.
    this.#head = options.tellsUpstream ? undefined : options.head
  }

  /** A message of the client. */
  received(bytes: Buffer): Awaitable<SocketFate> {
    const message = this.#read(bytes)
    if (message === undefined) return 'unreadable'
    const type = message.get('type')
    const id = message.get('id')
    if (type === 'connection_init') return this.#initialise(message, bytes)
    if (typeof id !== 'string') return { forward: bytes }
    if (ENDINGS.has(type)) return this.#answering.delete(id) ? 'taken' : { forward: bytes }
    if (!BEGINNINGS.has(type) || this.#head === undefined) return { forward: bytes }
    const decision = this.#options.decide({
      head: this.#head,
      body: Buffer.from(canonicalJson(message.get('payload') ?? null)),
      isAcknowledged: this.#isAcknowledged && this.#isFree(id),
      identity: this.#told,
    })
    if (!isPromise(decision)) return this.#carryOut(decision, id, message, bytes)
    return decision.then((late) => this.#carryOut(late, id, message, bytes))
  }

  /** A message of Hasura, as the client may see it. */
  answered(bytes: Buffer): Buffer {
    if (!this.#isAcknowledged) this.#isAcknowledged = typeOf(bytes) === 'connection_ack'
    return this.#hidesSuggestions ? withoutSuggestions(bytes) : bytes
  }

  #isFree(id: string): boolean {
    if (this.#answering.size >= ANSWERS_MAX) return false
    return !this.#answering.has(id) && !this.#forwarded.has(id)
  }

  #carryOut(decision: SocketDecision, id: string, message: JsonObject, bytes: Buffer): SocketFate {
    switch (decision.kind) {
      case 'refuse':
        this.#tell(id, decision.answer)
        return 'taken'
      case 'answer':
        this.#answer(id, decision.answer)
        return 'taken'
      case 'forward':
        this.#hidesSuggestions ||= decision.hidesSuggestions
        if (this.#forwarded.size >= IDS_MAX) this.#forwarded.clear()
        this.#forwarded.add(id)
        return {
          forward: decision.body === undefined ? bytes : withPayload(message, decision.body),
        }
    }
  }

  #answer(id: string, work: () => Awaitable<Answer>): void {
    const answer = work()
    if (!isPromise(answer)) {
      this.#tell(id, answer)
      return
    }
    const ticket = {}
    this.#answering.set(id, ticket)
    answer
      .then((late) => {
        if (this.#answering.get(id) !== ticket) return
        this.#answering.delete(id)
        this.#tell(id, late)
      })
      // Its failures are answers; this one cannot be told.
      .catch(() => this.#answering.delete(id))
  }

  #tell(id: string, answer: Answer): void {
    const { isTransport, send } = this.#options
    const named = `"id":${JSON.stringify(id)}`
    const body = answer.body.toString()
    const errors = errorsWithoutData(answer, body)
    const complete = `{${named},"type":"complete"}`
    if (errors === undefined) {
      send(`{${named},"type":"${isTransport ? 'next' : 'data'}","payload":${body}}`)
      send(complete)
    } else if (isTransport) {
      send(`{${named},"type":"error","payload":${JSON.stringify(errors)}}`)
    } else {
      send(`{${named},"type":"error","payload":${body}}`)
      send(complete)
    }
  }

  #initialise(message: JsonObject, bytes: Buffer): Awaitable<SocketFate> {
    if (this.#options.tellsUpstream) return this.#tellIdentity(message, bytes)
    this.#initialised(message.get('payload'))
    if (this.#head !== undefined) this.#noteIdentity(this.#head)
    return { forward: bytes }
  }

  /** Found out once: whatever follows on this connection is asked by the one whom Hasura was told. */
  #tellIdentity(message: JsonObject, bytes: Buffer): Awaitable<SocketFate> {
    const { head, identify, identified, isTransport } = this.#options
    const payload = message.get('payload') ?? null
    // Without headers that can be read: Hasura refuses it.
    if (payload !== null && !isJsonObject(payload)) return { forward: bytes }
    const headers = { ...head.headers, ...clientHeaders(payload) }
    return recovered(
      () =>
        chain(this.#told ?? identify(headers), (identity): SocketFate => {
          this.#told = identity
          this.#head = { ...head, headers }
          identified(identity)
          return { forward: initWithIdentity(message, identity) }
        }),
      (error) => ({ refusal: refusedInit(error, isTransport) }),
    )
  }

  /** For how long the connection may last. Whom the gateway would refuse, Hasura does. */
  #noteIdentity({ headers }: RequestHead): void {
    const { identify, identified } = this.#options
    const noted = recovered(
      () => chain(identify(headers), identified),
      () => undefined,
    )
    if (isPromise(noted)) noted.catch(() => undefined)
  }

  /** As Hasura: who asks is told by the handshake's headers and those of `connection_init`. */
  #initialised(payload: JsonValue | undefined): void {
    const { head, tokenHeaders } = this.#options
    const told = isJsonObject(payload) ? payload.get('headers') : undefined
    this.#head = head
    if (!isJsonObject(told)) return
    const headers: IncomingHttpHeaders = { ...head.headers }
    const overridden: IncomingHttpHeaders = { ...head.headers }
    let isPlain = true
    for (const [written, value] of told) {
      const name = written.toLowerCase()
      const isCredential =
        name === 'authorization' || name.startsWith('x-hasura-') || tokenHeaders.includes(name)
      if (!isCredential && name !== 'cookie') continue
      const already = headers[name]
      // Of two words on who asks Hasura takes one, and it cannot be told which.
      if (typeof value === 'string') overridden[name] = value
      if (typeof value !== 'string' || (already !== undefined && already !== value)) {
        isPlain = false
        continue
      }
      headers[name] = value
    }
    this.#head = isPlain ? { ...head, headers } : undefined
    this.#options.initialised(overridden)
  }

  #read(bytes: Buffer): JsonObject | undefined {
    try {
      const { value } = parseJson(bytes, this.#options.jsonDepthMax)
      return isJsonObject(value) ? value : undefined
    } catch {
      return undefined
    }
  }
}

function withPayload(message: JsonObject, body: Buffer): Buffer {
  const { value } = parseJson(body, Number.POSITIVE_INFINITY)
  return Buffer.from(canonicalJson(new Map([...message, ['payload', value]])))
}

interface PossibleMessage {
  readonly type?: unknown
}

function typeOf(bytes: Buffer): unknown {
  try {
    const value: PossibleMessage | null = JSON.parse(bytes.toString())
    return value?.type
  } catch {
    return undefined
  }
}

interface PossibleResult {
  readonly data?: unknown
  readonly errors?: unknown
}

/** What is kept has data. */
function errorsWithoutData({ etag }: Answer, body: string): unknown {
  if (etag !== undefined) return undefined
  const { data, errors }: PossibleResult = JSON.parse(body)
  return data === undefined ? errors : undefined
}
