import type { ModificationListener, PresenceListener } from '../keyspace/key-events.ts'
import type { Deadlines } from './deadlines.ts'
import type { EngineParts } from './parts.ts'

/** Tells parts what happens in others: clients that go, keys that come and go, pauses. */
export function followEvents(parts: EngineParts, deadlines: Deadlines): void {
  followClients(parts)
  followKeys(parts)
  const { guards, keyspace, pause, scripting, services } = parts
  services.guards.switch(guards.pause, false)
  services.guards.switch(guards.busy, false)
  services.guards.switch(guards.largeChanges, false)
  keyspace.onSnapshot(parts.largeChanges)
  pause.onChange((isPaused) => {
    services.guards.switch(guards.pause, isPaused)
    keyspace.freeze(isPaused || scripting.busyError !== undefined)
    deadlines.wake()
    if (!isPaused) parts.resumeSoon()
  })
  services.blocking.onNextDeadline(() => deadlines.wake())
}

/** Who has gone, who waits, who is put off: their state lies with those who serve them. */
function followClients({ channels, clients, pause, services }: EngineParts): void {
  const { blocking, monitors, tracking, transactions } = services
  clients.onRemoved((client) => {
    blocking.forget(client)
    pause.forget(client)
    transactions.discard(client)
    channels.unsubscribeAll(client)
    monitors.remove(client)
    tracking.disable(client)
  })
  clients.onReset((client) => {
    transactions.discard(client)
    channels.unsubscribeAll(client)
    monitors.remove(client)
    tracking.disable(client)
  })
}

function followKeys({ keyspace, propagation, services }: EngineParts): void {
  const { blocking, transactions } = services
  const { events } = keyspace
  const touch: ModificationListener = (index, key) => transactions.touch(index, key)
  transactions.onWatching((isWatching) => events.onModification(touch, isWatching))
  const see: PresenceListener = (...key) => blocking.keyReady(...key)
  blocking.onWaiting((isWaiting) => {
    events.onPresence = isWaiting ? see : undefined
  })
  // A key that nobody deleted is gone, and others are told that it was deleted.
  keyspace.onRemoval((reason, index, key) => {
    if (events.wants(reason)) events.onEvent?.(reason, reason, index, key)
    events.modified(index, key, 0, key.length)
    propagation.removed(index, key)
  })
}
