import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { CLIENT_STATE, type Client } from './client.ts'

const REDACTED = '(redacted)'

/** Arguments that nobody shall read. */
export interface Secrets {
  isRedacted(argument: number): boolean
}

/** How a command came: from whom, and to which database. */
export interface MonitoredCall {
  readonly client: Client
  readonly argv: ArgumentVector
  readonly databaseIndex: number
}

/** Clients that see every command (MONITOR). */
export class Monitors {
  readonly #clients = new Set<Client>()

  get areWatching(): boolean {
    return this.#clients.size > 0
  }

  has(client: Client): boolean {
    return this.#clients.has(client)
  }

  add(client: Client): void {
    this.#clients.add(client)
    client.set(CLIENT_STATE.monitoring, true)
  }

  /** RESET, or the client is gone. */
  remove(client: Client): void {
    if (this.#clients.delete(client)) client.set(CLIENT_STATE.monitoring, false)
  }

  /** One line, the same bytes to all of them. */
  feed(call: MonitoredCall, atMs: number, secrets: Secrets): void {
    const line = Buffer.from(`+${describe(call, atMs, secrets)}\r\n`, 'latin1')
    for (const client of this.#clients) client.output.push(line)
  }
}

/** As replication.c's replicationFeedMonitors words it. */
function describe(
  { client, argv, databaseIndex }: MonitoredCall,
  atMs: number,
  secrets: Secrets,
): string {
  const usec = Math.floor(atMs * 1_000)
  const second = Math.floor(usec / 1_000_000)
  const rest = String(usec % 1_000_000).padStart(6, '0')
  const words = [`${second}.${rest}`, `[${databaseIndex} ${originOf(client)}]`]
  for (let index = 0; index < argv.count; index += 1) {
    words.push(quoted(secrets.isRedacted(index) ? REDACTED : argv.latin1(index)))
  }
  return words.join(' ')
}

function originOf(client: Client): string {
  if (client.caller !== undefined) return 'lua'
  return client.address.startsWith('/')
    ? `unix:${client.address.replace(/:0$/, '')}`
    : client.address
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u0007': '\\a',
  '\b': '\\b',
}

/** One character per byte: what cannot be printed in hexadecimal (sds.c, sdscatrepr). */
function quoted(text: string): string {
  const escaped = text.replace(
    /[^ !#-[\]-~]/g,
    (character) =>
      ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return `"${escaped}"`
}
