import { matchesGlob } from '../../shared/glob.ts'
import type { ChannelKind, ChannelService } from '../execution/channel-service.ts'
import { CLIENT_STATE, type Client } from '../execution/client.ts'
import { ByteCounter } from '../memory/byte-counter.ts'
import { RespWriter } from '../protocol/resp-writer.ts'

/** What the tables hold for one subscription besides its name, about. */
const SUBSCRIPTION_BYTES = 150

/** A message in the words of either protocol, made when the first who wants it is found. */
type Encoded = { 2?: Buffer; 3?: Buffer }

/** Who listens to what. A message is encoded once per protocol and shared by all who get it. */
export class Channels implements ChannelService {
  /** Memory of all subscriptions: it counts for maxmemory. */
  readonly memory = new ByteCounter()
  readonly #subscribers: Readonly<Record<ChannelKind, Map<string, Set<Client>>>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  }
  readonly #writer = new RespWriter()

  subscribe(client: Client, kind: ChannelKind, name: string): boolean {
    client.subscriptions ??= { channel: new Set(), pattern: new Set(), shard: new Set() }
    const names = client.subscriptions[kind]
    if (names.has(name)) return false
    names.add(name)
    client.set(CLIENT_STATE.subscribed, true)
    const subscribers = this.#subscribers[kind].get(name)
    if (subscribers === undefined) this.#subscribers[kind].set(name, new Set([client]))
    else subscribers.add(client)
    this.memory.bytes += SUBSCRIPTION_BYTES + 2 * name.length
    return true
  }

  unsubscribe(client: Client, kind: ChannelKind, name: string): boolean {
    if (client.subscriptions?.[kind].delete(name) !== true) return false
    const subscribers = this.#subscribers[kind].get(name)
    subscribers?.delete(client)
    if (subscribers?.size === 0) this.#subscribers[kind].delete(name)
    this.memory.bytes -= SUBSCRIPTION_BYTES + 2 * name.length
    if (client.subscriptionCount(false) + client.subscriptionCount(true) > 0) return true
    client.subscriptions = undefined
    client.set(CLIENT_STATE.subscribed, false)
    return true
  }

  unsubscribeAll(client: Client): void {
    for (const kind of ['channel', 'shard', 'pattern'] as const) {
      for (const name of client.subscriptions?.[kind] ?? []) this.unsubscribe(client, kind, name)
    }
  }

  publish(kind: 'channel' | 'shard', channel: Uint8Array, message: Uint8Array): number {
    const channels = this.#subscribers[kind]
    const { pattern: patterns } = this.#subscribers
    if (channels.size === 0 && (kind === 'shard' || patterns.size === 0)) return 0
    const name = Buffer.from(channel.buffer, channel.byteOffset, channel.length).toString('latin1')
    const word = kind === 'shard' ? 'smessage' : 'message'
    let receivers = this.#send(channels.get(name), [word], channel, message)
    if (kind === 'shard') return receivers
    for (const [pattern, subscribers] of patterns) {
      if (!matchesGlob(pattern, name)) continue
      receivers += this.#send(subscribers, ['pmessage', pattern], channel, message)
    }
    return receivers
  }

  names(kind: ChannelKind): Iterable<string> {
    return this.#subscribers[kind].keys()
  }

  nameCount(kind: ChannelKind): number {
    return this.#subscribers[kind].size
  }

  subscriberCount(kind: ChannelKind, name: string): number {
    return this.#subscribers[kind].get(name)?.size ?? 0
  }

  #send(
    subscribers: ReadonlySet<Client> | undefined,
    head: readonly string[],
    channel: Uint8Array,
    message: Uint8Array,
  ): number {
    if (subscribers === undefined) return 0
    const encoded: Encoded = {}
    for (const client of subscribers) {
      const { protocol } = client
      encoded[protocol] ??= this.#encode(protocol, head, [channel, message])
      client.output.push(encoded[protocol])
    }
    return subscribers.size
  }

  #encode(protocol: 2 | 3, head: readonly string[], bulks: readonly Uint8Array[]): Buffer {
    const writer = this.#writer
    writer.protocol = protocol
    writer.push(head.length + bulks.length)
    for (const text of head) writer.latin1(text)
    for (const bytes of bulks) writer.bulk(bytes, 0, bytes.length)
    const message = Buffer.from(writer.written())
    writer.clear()
    return message
  }
}
