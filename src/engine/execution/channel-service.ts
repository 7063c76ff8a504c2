import type { Client } from './client.ts'

/** What a client listens to: a channel, channels that match a pattern, or a channel of one hash slot. */
export type ChannelKind = 'channel' | 'pattern' | 'shard'

/** Who listens to what, and what is said to them. Names are latin1 text, so that any bytes will do. */
export interface ChannelService {
  /** False when the client listens to it already. */
  subscribe(client: Client, kind: ChannelKind, name: string): boolean
  unsubscribe(client: Client, kind: ChannelKind, name: string): boolean
  unsubscribeAll(client: Client): void
  /** Sends the message to all who listen; gives how many those are. The bytes are copied. */
  publish(kind: 'channel' | 'shard', channel: Uint8Array, message: Uint8Array): number
  /** Channels or patterns with at least one subscriber. */
  names(kind: ChannelKind): Iterable<string>
  nameCount(kind: ChannelKind): number
  subscriberCount(kind: ChannelKind, name: string): number
}
