import type { RemovalTimer } from '../keyspace/database-context.ts'
import { MAXMEMORY_POLICIES } from '../keyspace/eviction.ts'
import { KeyspaceNotifications } from '../pubsub/keyspace-notifications.ts'
import type { EngineParts } from './parts.ts'

/** Puts directives into effect, now and whenever CONFIG SET changes them: those that belong to no part alone. */
export function followDirectives(parts: EngineParts): void {
  followLimits(parts)
  followMemory(parts)
  followIntrospection(parts)
  const { channels, config, keyspace, options, scripting } = parts
  config.onValue('loglevel', (value) => options.onLogLevel?.(value))
  const notifications = new KeyspaceNotifications(keyspace.events, channels)
  config.onValue('notify-keyspace-events', (value) => notifications.configure(value))
  config.onValue('busy-reply-threshold', (value) => {
    scripting.busyThresholdMs = Number(value)
  })
}

/** Up to where values are packed. */
function followLimits({ config, keyspace }: EngineParts): void {
  const { limits } = keyspace.collections
  config.onValue('hash-max-listpack-entries', (value) => {
    limits.hashListpackEntriesMax = Number(value)
  })
  config.onValue('hash-max-listpack-value', (value) => {
    limits.hashListpackValueBytesMax = Number(value)
  })
  config.onValue('set-max-intset-entries', (value) => {
    limits.setIntSetEntriesMax = Number(value)
  })
  config.onValue('zset-max-listpack-entries', (value) => {
    limits.sortedSetListpackEntriesMax = Number(value)
  })
  config.onValue('zset-max-listpack-value', (value) => {
    limits.sortedSetListpackValueBytesMax = Number(value)
  })
  config.onValue('list-compress-depth', (value) => {
    keyspace.structures.lists.compressDepth = Number(value)
  })
  const { limits: streamLimits } = keyspace.structures.streams
  config.onValue('stream-node-max-bytes', (value) => {
    streamLimits.nodeBytesMax = Number(value)
  })
  config.onValue('stream-node-max-entries', (value) => {
    streamLimits.nodeEntriesMax = Number(value)
  })
}

function followMemory(parts: EngineParts): void {
  const { clientMemory, config, eviction, guards, keyspace, services } = parts
  const { settings } = keyspace.access
  config.onValue('maxmemory', (value) => {
    eviction.maxmemoryBytes = Number(value)
    services.guards.switch(guards.memory, Number(value) > 0)
  })
  config.onValue('maxmemory-policy', (value) => {
    eviction.policy = MAXMEMORY_POLICIES.find((policy) => policy === value) ?? 'noeviction'
    settings.mode = value.endsWith('-lfu') ? 'lfu' : 'lru'
  })
  config.onValue('maxmemory-samples', (value) => {
    eviction.samples = Number(value)
  })
  config.onValue('lfu-log-factor', (value) => {
    settings.lfuLogFactor = Number(value)
  })
  config.onValue('lfu-decay-time', (value) => {
    settings.lfuDecayMinutes = Number(value)
  })
  for (const name of ['maxmemory', 'maxmemory-clients']) {
    config.onValue(name, () => {
      clientMemory.configure(config.value('maxmemory-clients'), config.integer('maxmemory'))
    })
  }
}

function followIntrospection({ config, eviction, keyspace, options, services }: EngineParts): void {
  const { clock } = options
  const { latency, slowLog, timer, tracking } = services
  const timeRemoval: RemovalTimer = (reason, remove) => {
    const sinceMs = clock.monotonicMs()
    remove()
    const event = reason === 'expired' ? 'expire-del' : 'eviction-del'
    latency.sample(event, clock.monotonicMs() - sinceMs, keyspace.nowMs)
  }
  config.onValue('slowlog-log-slower-than', (value) => {
    slowLog.thresholdUsec = Number(value)
    timer.chooseAccuracy()
  })
  config.onValue('slowlog-max-len', (value) => {
    slowLog.lengthMax = Number(value)
  })
  config.onValue('latency-monitor-threshold', (value) => {
    latency.thresholdMs = Number(value)
    timer.chooseAccuracy()
    const isWatched = latency.thresholdMs > 0
    eviction.onEvent = isWatched
      ? (event, ms) => latency.sample(event, ms, keyspace.nowMs)
      : undefined
    keyspace.timeRemovals(isWatched ? timeRemoval : undefined)
  })
  config.onValue('latency-tracking', (value) => {
    timer.keepsHistograms = value === 'yes'
  })
  config.onValue('tracking-table-max-keys', (value) => {
    tracking.keysMax = Number(value)
  })
}
