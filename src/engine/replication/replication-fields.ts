import type { ConfigService } from '../execution/context.ts'
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
    ['role', 'master'],
    ['connected_slaves', primary.replicas.size],
    ...(countsGood ? ([['min_slaves_good_slaves', primary.goodCount]] as const) : []),
    ...replicaFields(replication, nowMs),
    ['master_failover_state', 'no-failover'],
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
