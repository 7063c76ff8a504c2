import type { EmbeddedClient } from '../engine/index.ts'
import { invariant } from '../shared/assert.ts'
import type { Logger } from '../shared/logger.ts'
import { EmbeddedStore } from './embedded-store.ts'
import { RemoteStore } from './remote-store.ts'
import type { ReplicationDemand } from './replication-demand.ts'
import type { Store } from './store.ts'
import { parseStoreUrl } from './store-url.ts'

export interface StoreOptions {
  /** `embedded:`, or the URL of a Redis, Valkey or Gerbang engine. */
  readonly url: string
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
  /** Commands waiting for the remote's answer; more are refused. */
  readonly commandsMax: number
  /** What `confirm` waits for; nothing unless given. */
  readonly replication?: ReplicationDemand | undefined
}

export interface StoreParts {
  /** The engine in this process; needed when `url` is `embedded:`. */
  readonly embeddedClient: EmbeddedClient | undefined
  readonly log: Logger
}

/** The store that `options.url` names; nothing is connected before its `start()`. */
export function connectStore(options: StoreOptions, parts: StoreParts): Store {
  const address = parseStoreUrl(options.url)
  invariant(address !== undefined, 'the configuration has checked the store URL')
  if (address.kind === 'embedded') {
    invariant(parts.embeddedClient !== undefined, 'an embedded store has an engine')
    return new EmbeddedStore(parts.embeddedClient, options.replication)
  }
  return new RemoteStore({ ...options, address, log: parts.log })
}
