import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { CLIENT_STATE, type Client } from './client.ts'
import type { ClientRegistry } from './client-registry.ts'
import type { Command } from './command.ts'
import { findKeys, KeyPositions } from './command-keys.ts'
import { encodeKeys, NULL_BY_PROTOCOL, toInvalidation } from './tracking-message.ts'
import { BroadcastTable, type TrackingPrefixes } from './tracking-prefixes.ts'
import type { Turn, TurnTask } from './turn.ts'

/** What a tracked key costs beside its name, and each client that may hold it: about what V8 takes for them. */
const KEY_BYTES = 64
const HOLDER_BYTES = 24
/** Keys let go at once while the table is too large; more each time that this was not enough (tracking.c). */
const EFFORT = 100

/** How one client tracks keys (CLIENT TRACKING). */
export interface TrackingMode {
  /** The client that is told instead; 0: the client itself. */
  readonly redirectTo: number
  readonly isBroadcast: boolean
  readonly mode: 'all' | 'optin' | 'optout'
  readonly isNoLoop: boolean
  readonly prefixes: readonly string[]
}

/** The mode, and what comes and goes. */
export interface TrackingState extends TrackingMode {
  /** CLIENT CACHING was said: the next command's keys are remembered, or are not. */
  isCachingGiven: boolean
  isRedirectBroken: boolean
}

interface CurrentCall {
  readonly client: Client
  readonly command: Command
  readonly argv: ArgumentVector
}

export interface TrackingOptions {
  readonly clients: ClientRegistry
  readonly turn: Turn
  /** Called with true when the first client tracks, with false when the last one stops. */
  readonly onSwitched: (isOn: boolean) => void
}

/**
 * Which clients may hold which keys in a cache of their own, and telling them when those change: the keys they
 * have read, or all that begin with a prefix. Costs nothing while no client asked for it.
 */
export class Tracking implements TurnTask {
  isOn = false
  /** tracking-table-max-keys; 0: no limit. */
  keysMax = 1_000_000
  readonly #options: TrackingOptions
  readonly #states = new Map<Client, TrackingState>()
  /** Who has read which key, by name (one character per byte) and client id. */
  readonly #holders = new Map<string, Set<number>>()
  readonly #broadcasts = new BroadcastTable()
  readonly #keys = new KeyPositions()
  /** Invalidations for the client whose command is running: its reply comes first. */
  #pending: (string | undefined)[] = []
  #current: CurrentCall | undefined
  #itemCount = 0
  #nameBytes = 0
  #failedEfforts = 0
  #isTurnTask = false

  constructor(options: TrackingOptions) {
    this.#options = options
  }

  get clientCount(): number {
    return this.#states.size
  }

  get keyCount(): number {
    return this.#holders.size
  }

  get itemCount(): number {
    return this.#itemCount
  }

  get prefixCount(): number {
    return this.#broadcasts.prefixCount
  }

  get bytes(): number {
    const { size } = this.#holders
    return this.#nameBytes + size * KEY_BYTES + this.#itemCount * HOLDER_BYTES
  }

  stateOf(client: Client): TrackingState | undefined {
    return this.#states.get(client)
  }

  /** All prefixes of the client: those of earlier calls stay. */
  prefixesOf(client: Client): TrackingPrefixes {
    return this.#broadcasts.prefixesOf(client)
  }

  enable(client: Client, mode: TrackingMode): void {
    this.#states.set(client, { ...mode, isCachingGiven: false, isRedirectBroken: false })
    client.set(CLIENT_STATE.tracking, true)
    if (mode.isBroadcast) this.#broadcasts.add(client, mode.prefixes)
    this.#switch()
  }

  /** What is remembered of its reads goes when those keys change. */
  disable(client: Client): void {
    if (!this.#states.delete(client)) return
    client.set(CLIENT_STATE.tracking, false)
    this.#broadcasts.remove(client)
    this.#switch()
  }

  /** Before a command that was not called by another. */
  begin(client: Client, command: Command, argv: ArgumentVector): void {
    this.#current = { client, command, argv }
  }

  /** After any command. */
  ran(client: Client, command: Command, argv: ArgumentVector): void {
    // EVAL_RO reads nothing itself.
    if (!command.isRead || command.spec.group === 'scripting') return
    const state = this.#states.get(client.caller ?? client)
    if (state === undefined || state.isBroadcast) return
    if (client.caller === undefined) this.#remember(client, state, { command, argv })
    // A script that reads anything is taken to have read all keys it declared.
    else if (this.#current !== undefined) this.#remember(client.caller, state, this.#current)
  }

  /** After a command that was not called by another, and its reply. */
  end(client: Client, command: Command): void {
    this.#current = undefined
    for (const key of this.#pending) {
      const state = this.#states.get(client)
      if (state !== undefined) this.#tell(client, state, key)
    }
    if (this.#pending.length > 0) this.#pending = []
    const state = this.#states.get(client)
    const isKept = client.transaction !== undefined || command.fullName.startsWith('client|')
    if (state !== undefined && !isKept) state.isCachingGiven = false
  }

  /** A key has another value, or is gone. */
  invalidate(name: Uint8Array): void {
    const key = Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1')
    if (this.#broadcasts.touch(key, this.#current?.client)) this.#addTurnTask()
    this.#forget(key)
  }

  /** All keys of a database are gone: one message says so. */
  invalidateAll(): void {
    for (const [client, state] of this.#states) {
      if (client === this.#current?.client) this.#pending.push(undefined)
      else this.#tell(client, state, undefined)
    }
    this.#forgetAll()
  }

  #forgetAll(): void {
    this.#holders.clear()
    this.#itemCount = 0
    this.#nameBytes = 0
  }

  atTurnEnd(): void {
    this.#isTurnTask = false
    this.#broadcasts.flush(
      (client, keys) => {
        const state = this.#states.get(client)
        if (state !== undefined) this.#send(client, state, encodeKeys(keys))
      },
      (client) => this.#states.get(client)?.isNoLoop === true,
    )
  }

  /** Before each command, and once a cycle: lets go of keys that are too many; their readers are told. */
  limit(): void {
    if (this.keysMax === 0 || this.#holders.size <= this.keysMax) {
      this.#failedEfforts = 0
      return
    }
    let effort = EFFORT * (this.#failedEfforts + 1)
    for (const key of this.#holders.keys()) {
      if (effort === 0 || this.#holders.size <= this.keysMax) break
      effort -= 1
      this.#forget(key)
    }
    this.#failedEfforts = this.#holders.size > this.keysMax ? this.#failedEfforts + 1 : 0
  }

  #switch(): void {
    const isOn = this.#states.size > 0
    if (isOn === this.isOn) return
    this.isOn = isOn
    // Nobody hears any more of what changes: what is known of readers would no longer be true.
    if (!isOn) this.#forgetAll()
    this.#options.onSwitched(isOn)
  }

  #remember(
    client: Client,
    state: TrackingState,
    { command, argv }: Pick<CurrentCall, 'command' | 'argv'>,
  ): void {
    if (state.mode === 'optin' && !state.isCachingGiven) return
    if (state.mode === 'optout' && state.isCachingGiven) return
    findKeys(command, { argv, offset: 0 }, this.#keys)
    for (let index = 0; index < this.#keys.count; index += 1) {
      this.#addHolder(argv.latin1(this.#keys.position(index)), client.id)
    }
  }

  #addHolder(key: string, clientId: number): void {
    let holders = this.#holders.get(key)
    if (holders === undefined) {
      holders = new Set()
      this.#holders.set(key, holders)
      this.#nameBytes += key.length
    }
    if (holders.has(clientId)) return
    holders.add(clientId)
    this.#itemCount += 1
  }

  #forget(key: string): void {
    const holders = this.#holders.get(key)
    if (holders === undefined) return
    this.#holders.delete(key)
    this.#itemCount -= holders.size
    this.#nameBytes -= key.length
    for (const id of holders) {
      const client = this.#options.clients.find(id)
      const state = client === undefined ? undefined : this.#states.get(client)
      if (client === undefined || state === undefined || state.isBroadcast) continue
      if (client !== this.#current?.client) this.#tell(client, state, key)
      else if (!state.isNoLoop) this.#pending.push(key)
    }
  }

  /** One key, or all of them. */
  #tell(client: Client, state: TrackingState, key: string | undefined): void {
    const keys = key === undefined ? NULL_BY_PROTOCOL[client.protocol] : encodeKeys([key])
    this.#send(client, state, keys)
  }

  #send(client: Client, state: TrackingState, keys: Buffer): void {
    const isRedirected = state.redirectTo !== 0
    const receiver = isRedirected ? this.#options.clients.find(state.redirectTo) : client
    if (receiver === undefined) {
      state.isRedirectBroken = true
      const message = toInvalidation({ kind: 'broken', redirectTo: state.redirectTo })
      if (client.protocol === 3) client.output.push(message)
    } else if (receiver.protocol === 3) {
      receiver.output.push(toInvalidation({ kind: 'push', keys }))
    } else if (isRedirected && receiver.is(CLIENT_STATE.subscribed)) {
      receiver.output.push(toInvalidation({ kind: 'message', keys }))
    }
  }

  #addTurnTask(): void {
    if (this.#isTurnTask) return
    this.#isTurnTask = true
    this.#options.turn.add(this)
  }
}
