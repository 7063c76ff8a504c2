import type { ConfigService } from '../execution/context.ts'
import type { CopyReceiver } from './copy-receiver.ts'
import { secondsBetween } from './replicas.ts'
import type { Replication } from './replication.ts'

type Fields = readonly (readonly [name: string, value: string | number])[]

/** INFO's section, with the names and the order that Sentinel and others know. */
export function replicationFields(
  replication: Replication,
  config: ConfigService,
  nowMs: number,
): Fields {
  const { history, primary, stream } = replication
  const countsGood =
    config.integer('min-replicas-to-write') > 0 && config.integer('min-replicas-max-lag') > 0
  return [
    ['role', replication.isReplica ? 'slave' : 'master'],
    ...primaryFields(replication, config, nowMs),
    ['connected_slaves', primary.replicas.size],
    ...(countsGood ? ([['min_slaves_good_slaves', primary.goodCount]] as const) : []),
    ...replicaFields(replication, nowMs),
    ['master_failover_state', replication.failoverState.state],
    ['master_replid', history.id],
    ['master_replid2', history.secondId],
    ['master_repl_offset', stream.offset],
    ['second_repl_offset', history.secondOffset],
    ['repl_backlog_active', stream.isActive ? 1 : 0],
    ['repl_backlog_size', stream.backlogBytesMax],
    ['repl_backlog_first_byte_offset', stream.backlogStart],
    ['repl_backlog_histlen', stream.backlogLength],
  ]
}

function replicaFields({ primary }: Replication, nowMs: number): Fields {
  return [...primary.replicas].map((feed, index) => {
    const lag = feed.state === 'online' ? secondsBetween(feed.acknowledgedAtMs, nowMs) : 0
    const { port } = feed.settings
    const place = `ip=${feed.host},port=${port},state=${feed.state}`
    return [`slave${index}`, `${place},offset=${feed.acknowledgedOffset},lag=${lag}`] as const
  })
}

/** Of the primary that this engine follows. */
function primaryFields(
  { link, stream }: Replication,
  config: ConfigService,
  nowMs: number,
): Fields {
  if (link === undefined) return []
  const isUp = link.state === 'connected'
  const silentSeconds = secondsBetween(link.lastReceivedMs, nowMs)
  const { downSinceMs, receiver } = link
  return [
    ['master_host', link.address.host],
    ['master_port', link.address.port],
    ['master_link_status', isUp ? 'up' : 'down'],
    ['master_last_io_seconds_ago', isUp ? silentSeconds : -1],
    ['master_sync_in_progress', link.state === 'sync' ? 1 : 0],
    ['slave_read_repl_offset', stream.offset + link.pendingBytes],
    ['slave_repl_offset', stream.offset],
    ...(link.state === 'sync' ? copyFields(receiver, silentSeconds) : []),
    ...(isUp
      ? []
      : ([['master_link_down_since_seconds', downSeconds(downSinceMs, nowMs)]] as const)),
    ['slave_priority', config.value('replica-priority')],
    ['slave_read_only', config.value('replica-read-only') === 'yes' ? 1 : 0],
    ['replica_announced', config.value('replica-announced') === 'yes' ? 1 : 0],
  ]
}

function downSeconds(sinceMs: number | undefined, nowMs: number): number {
  return sinceMs === undefined ? -1 : secondsBetween(sinceMs, nowMs)
}

function copyFields(receiver: CopyReceiver | undefined, silentSeconds: number): Fields {
  const total = receiver?.totalBytes ?? (receiver === undefined ? -1 : 0)
  const read = receiver?.receivedBytes ?? 0
  return [
    ['master_sync_total_bytes', total],
    ['master_sync_read_bytes', read],
    ['master_sync_left_bytes', total - read],
    ['master_sync_perc', (total === 0 ? 0 : (read / total) * 100).toFixed(2)],
    ['master_sync_last_io_seconds_ago', silentSeconds],
  ]
}
