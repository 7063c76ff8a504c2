import type { CommandSpec } from '../execution/command.ts'
import { aclCommands } from './acl.ts'
import { bitmapCommands } from './bitmap.ts'
import { clientCommands } from './client.ts'
import { clusterCommands } from './cluster.ts'
import { commandDocsCommands } from './command-docs.ts'
import { configCommands } from './config.ts'
import { connectionCommands } from './connection.ts'
import { copyCommands } from './copy.ts'
import { debugCommands } from './debug.ts'
import { dumpCommands } from './dump.ts'
import { expiryCommands } from './expiry.ts'
import { genericCommands } from './generic.ts'
import { geoCommands } from './geo.ts'
import { hashCommands } from './hash.ts'
import { hyperloglogCommands } from './hyperloglog.ts'
import { latencyCommands } from './latency.ts'
import { lcsCommands } from './lcs.ts'
import { listCommands } from './list.ts'
import { lolwutCommands } from './lolwut.ts'
import { memoryCommands } from './memory.ts'
import { migrateCommands } from './migrate.ts'
import { moduleCommands } from './module.ts'
import { monitorCommands } from './monitor.ts'
import { persistenceCommands } from './persistence.ts'
import { pubsubCommands } from './pubsub.ts'
import { replicationCommands } from './replication.ts'
import { scriptingCommands } from './scripting.ts'
import { serverCommands } from './server.ts'
import { setCommands } from './set.ts'
import { shutdownCommands } from './shutdown.ts'
import { slowlogCommands } from './slowlog.ts'
import { sortCommands } from './sort.ts'
import { sortedSetCommands } from './sorted-set.ts'
import { streamCommands } from './stream.ts'
import { stringCommands } from './string.ts'
import { transactionCommands } from './transaction.ts'

/** Every command of the engine, by group. */
export const COMMANDS: readonly CommandSpec[] = [
  ...stringCommands,
  ...lcsCommands,
  ...bitmapCommands,
  ...hyperloglogCommands,
  ...hashCommands,
  ...setCommands,
  ...listCommands,
  ...sortedSetCommands,
  ...geoCommands,
  ...streamCommands,
  ...genericCommands,
  ...copyCommands,
  ...dumpCommands,
  ...migrateCommands,
  ...sortCommands,
  ...expiryCommands,
  ...connectionCommands,
  ...serverCommands,
  ...persistenceCommands,
  ...configCommands,
  ...clusterCommands,
  ...moduleCommands,
  ...aclCommands,
  ...shutdownCommands,
  ...scriptingCommands,
  ...transactionCommands,
  ...pubsubCommands,
  ...clientCommands,
  ...latencyCommands,
  ...monitorCommands,
  ...slowlogCommands,
  ...memoryCommands,
  ...debugCommands,
  ...replicationCommands,
  ...lolwutCommands,
  ...commandDocsCommands,
]
