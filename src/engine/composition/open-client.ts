import { cannotAppend } from '../protocol/persistence-errors.ts'
import { EmbeddedClient } from '../server/embedded-client.ts'
import { WaitingCalls } from '../server/waiting-calls.ts'
import type { EngineParts } from './parts.ts'

/** A caller in this process: needs no password. */
export function openClient(parts: EngineParts): EmbeddedClient {
  const { clients, config, executor, gate, keyspace, options, propagation } = parts
  const { persistence } = parts.storage
  return new EmbeddedClient({
    executor,
    keyspace,
    propagation,
    waitingCalls: new WaitingCalls({
      executor,
      clients,
      gate,
      writeError: () => persistence.writeError ?? cannotAppend('the disk refused'),
      clientsMax: () => config.integer('maxclients'),
    }),
    client: clients.add({
      address: 'embedded:0',
      nowMs: options.clock.nowMs(),
      isEmbedded: true,
    }),
  })
}
