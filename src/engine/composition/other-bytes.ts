import type { EngineParts } from './parts.ts'

/** Memory in use beside keys and values. */
export function otherBytes({ channels, replication, server, services }: EngineParts): number {
  return (
    server.bufferBytes +
    replication.countedBufferBytes +
    services.transactions.memory.bytes +
    services.blocking.memory.bytes +
    channels.memory.bytes +
    services.tracking.bytes
  )
}

/** What replicas are behind by: keys that went would make it more (evict.c, freeMemoryGetNotCountedMemory). */
export function uncountedBytes({ replication }: EngineParts): number {
  const { countedBufferBytes, stream } = replication
  // The backlog lets go of whole blocks: it may be longer than it has to be.
  const backlogBytes = Math.max(stream.backlogBytesMax, stream.backlogLength)
  return Math.max(0, countedBufferBytes - backlogBytes)
}
