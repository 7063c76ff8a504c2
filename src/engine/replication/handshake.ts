import type { CommandPart } from '../protocol/command-encoder.ts'

/** What a replica tells of itself, and what it asks for. */
export interface HandshakeOptions {
  /** Without a user for the default one; undefined without a password. */
  readonly credentials: { readonly user: string; readonly password: string } | undefined
  /** Where this engine listens. */
  readonly port: number
  /** replica-announce-ip; empty when the primary sees where it comes from. */
  readonly address: string
  /** What this replica has; undefined when it wants a copy. */
  readonly known: { readonly id: string; readonly nextOffset: number } | undefined
  /** The replica is to become the primary of this one. */
  readonly isFailover: boolean
}

/** What the last line of the handshake means. */
export type HandshakeResult =
  | { readonly kind: 'copy'; readonly id: string; readonly offset: number }
  | { readonly kind: 'continue'; readonly id: string | undefined }
  /** `isTransient`: the primary will be able to, some time. */
  | { readonly kind: 'failed'; readonly reason: string; readonly isTransient: boolean }

type Step = 'ping' | 'auth' | 'settings' | 'psync'

/** These answers to PING only say that a password is missing. */
const UNAUTHENTICATED = /^-(?:NOAUTH|NOPERM|ERR operation not permitted)/
const TRANSIENT = /^-(?:NOMASTERLINK|LOADING)/
const COPY = /^\+FULLRESYNC ([0-9a-zA-Z]{40}) (\d+)$/
const CONTINUE = /^\+CONTINUE(?: ([0-9a-zA-Z]{40}))?\s*$/

/**
 * The conversation before the stream, line by line: PING, AUTH, REPLCONF, PSYNC (replication.c, syncWithMaster).
 * Knows no socket: `send` takes the commands, `receive` the answers.
 */
export class Handshake {
  readonly #options: HandshakeOptions
  readonly #send: (parts: readonly CommandPart[]) => void
  /** Answers that are to come. */
  #awaited: Step[] = []

  constructor(options: HandshakeOptions, send: (parts: readonly CommandPart[]) => void) {
    this.#options = options
    this.#send = send
  }

  begin(): void {
    this.#ask('ping', ['PING'])
  }

  /** Undefined while the conversation goes on. An empty line says that the primary is still there. */
  receive(line: string): HandshakeResult | undefined {
    const step = this.#awaited[0]
    if (line === '' || step === undefined) return undefined
    this.#awaited.shift()
    const failure = failureOf(step, line)
    if (failure !== undefined) return { kind: 'failed', reason: failure, isTransient: false }
    if (step === 'psync') return resultOf(line)
    if (step === 'ping') this.#introduce()
    if (this.#awaited.length === 0) this.#requestStream()
    return undefined
  }

  #introduce(): void {
    const { address, credentials, port } = this.#options
    if (credentials !== undefined) {
      const { user, password } = credentials
      this.#ask('auth', user === '' ? ['AUTH', password] : ['AUTH', user, password])
    }
    this.#ask('settings', ['REPLCONF', 'listening-port', port])
    if (address !== '') this.#ask('settings', ['REPLCONF', 'ip-address', address])
    this.#ask('settings', ['REPLCONF', 'capa', 'eof', 'capa', 'psync2'])
  }

  #requestStream(): void {
    const { isFailover, known } = this.#options
    const request: CommandPart[] =
      known === undefined ? ['PSYNC', '?', '-1'] : ['PSYNC', known.id, known.nextOffset]
    if (isFailover) request.push('FAILOVER')
    this.#ask('psync', request)
  }

  #ask(step: Step, parts: readonly CommandPart[]): void {
    this.#awaited.push(step)
    this.#send(parts)
  }
}

/** What the answer says is wrong. Settings that an old primary does not know are none of its business. */
function failureOf(step: Step, line: string): string | undefined {
  if (!line.startsWith('-')) return undefined
  if (step === 'ping' && !UNAUTHENTICATED.test(line)) return `error reply to PING: ${line}`
  if (step === 'auth') return `Unable to AUTH to MASTER: ${line}`
  return undefined
}

function resultOf(line: string): HandshakeResult {
  const copy = COPY.exec(line)
  if (copy !== null) return { kind: 'copy', id: copy[1] ?? '', offset: Number(copy[2]) }
  const goesOn = CONTINUE.exec(line)
  if (goesOn !== null) return { kind: 'continue', id: goesOn[1] }
  const reason = `unexpected reply to PSYNC: ${line}`
  return { kind: 'failed', reason, isTransient: TRANSIENT.test(line) }
}
