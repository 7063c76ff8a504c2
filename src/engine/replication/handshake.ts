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

/** Where the conversation leads: its commands, and what is to be known of how it goes. */
export interface HandshakePeer {
  send(parts: readonly CommandPart[]): void
  tell(note: string): void
}

/** What the last line of the handshake means. */
export type HandshakeResult =
  | { readonly kind: 'copy'; readonly id: string; readonly offset: number }
  | { readonly kind: 'continue'; readonly id: string | undefined }
  /** No PSYNC, now or ever. `isTransient`: the primary will be able to, some time. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isTransient: boolean }
  | { readonly kind: 'failed'; readonly reason: string }

/** What an answer is to; REPLCONF's name their option. */
type Step = 'ping' | 'auth' | 'listening-port' | 'ip-address' | 'capa' | 'psync'

/** These answers to PING only say that a password is missing. */
const UNAUTHENTICATED = /^-(?:NOAUTH|NOPERM|ERR operation not permitted)/
const TRANSIENT = /^-(?:NOMASTERLINK|LOADING)/
const FULL_COPY = '+FULLRESYNC'
const COPY = /^\+FULLRESYNC ([0-9a-zA-Z]{40}) (\d+)$/
const CONTINUE = /^\+CONTINUE(?: ([0-9a-zA-Z]{40}))?\s*$/

/**
 * The conversation before the stream, line by line: PING, AUTH, REPLCONF, PSYNC (replication.c, syncWithMaster).
 * Knows no socket: the peer's `send` takes the commands, `receive` the answers.
 */
export class Handshake {
  readonly #options: HandshakeOptions
  readonly #peer: HandshakePeer
  /** Answers that are to come. */
  #awaited: Step[] = []

  constructor(options: HandshakeOptions, peer: HandshakePeer) {
    this.#options = options
    this.#peer = peer
  }

  begin(): void {
    this.#ask('ping', ['PING'])
  }

  /** Undefined while the conversation goes on. An empty line says that the primary is still there. */
  receive(line: string): HandshakeResult | undefined {
    const step = this.#awaited[0]
    if (line === '' || step === undefined) return undefined
    this.#awaited.shift()
    const reason = failureOf(step, line)
    if (reason !== undefined) return { kind: 'failed', reason }
    if (step === 'psync') return this.#resultOf(line)
    if (step === 'ping') this.#introduce()
    else if (step !== 'auth' && line.startsWith('-')) {
      // A setting that an old primary does not know is none of its business.
      this.#peer.tell(`(Non critical) Master does not understand REPLCONF ${step}: ${line}`)
    }
    if (this.#awaited.length === 0) this.#requestStream()
    return undefined
  }

  #introduce(): void {
    const { address, credentials, port } = this.#options
    this.#peer.tell('Master replied to PING, replication can continue...')
    if (credentials !== undefined) {
      const { user, password } = credentials
      this.#ask('auth', user === '' ? ['AUTH', password] : ['AUTH', user, password])
    }
    this.#ask('listening-port', ['REPLCONF', 'listening-port', port])
    if (address !== '') this.#ask('ip-address', ['REPLCONF', 'ip-address', address])
    this.#ask('capa', ['REPLCONF', 'capa', 'eof', 'capa', 'psync2'])
  }

  #requestStream(): void {
    const { isFailover, known } = this.#options
    const request: CommandPart[] =
      known === undefined ? ['PSYNC', '?', '-1'] : ['PSYNC', known.id, known.nextOffset]
    this.#peer.tell(
      known === undefined
        ? 'Partial resynchronization not possible (no cached master)'
        : `Trying a partial resynchronization (request ${known.id}:${known.nextOffset}).`,
    )
    if (isFailover) request.push('FAILOVER')
    this.#ask('psync', request)
  }

  #resultOf(line: string): HandshakeResult {
    const [, id = '', offset = ''] = COPY.exec(line) ?? []
    if (Number.isSafeInteger(Number(offset)) && id !== '') {
      return { kind: 'copy', id, offset: Number(offset) }
    }
    if (line.startsWith(FULL_COPY)) {
      return { kind: 'failed', reason: 'Master replied with wrong +FULLRESYNC syntax.' }
    }
    const goesOn = CONTINUE.exec(line)
    // What nobody has asked to go on with would be taken for the primary's.
    if (goesOn !== null && this.#options.known !== undefined) {
      return { kind: 'continue', id: goesOn[1] }
    }
    return { kind: 'refused', reason: refusalOf(line), isTransient: TRANSIENT.test(line) }
  }

  #ask(step: Step, parts: readonly CommandPart[]): void {
    this.#awaited.push(step)
    this.#peer.send(parts)
  }
}

/** What the answer says is wrong. */
function failureOf(step: Step, line: string): string | undefined {
  if (step === 'ping' && !line.startsWith('+') && !UNAUTHENTICATED.test(line)) {
    return `Error reply to PING from master: '${line}'`
  }
  if (step === 'auth' && line.startsWith('-')) return `Unable to AUTH to MASTER: ${line}`
  return undefined
}

function refusalOf(line: string): string {
  if (TRANSIENT.test(line)) {
    return `Master is currently unable to PSYNC but should be in the future: ${line}`
  }
  return line.startsWith('-ERR')
    ? `Master does not support PSYNC or is in error state (reply: ${line})`
    : `Unexpected reply to PSYNC from master: ${line}`
}
