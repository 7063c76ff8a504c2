import { Client } from '../execution/client.ts'
import { loadingGuard } from '../execution/guards.ts'
import { AUDIENCE } from '../execution/propagation.ts'
import { systemDisk } from '../persistence/aof-writer.ts'
import { AppendOnlyLog } from '../persistence/append-only-log.ts'
import { Persistence } from '../persistence/persistence.ts'
import { RdbFiles } from '../persistence/rdb-files.ts'
import { ValueReader } from '../persistence/value-reader.ts'
import { ValueWriter } from '../persistence/value-writer.ts'
import { RespWriter } from '../protocol/resp-writer.ts'
import { CopyLoader } from '../replication/copy-loader.ts'
import { ENGINE_VERSION } from '../version.ts'
import type { Codec, EngineParts, Storage } from './parts.ts'

function newCodec({ config, keyspace }: EngineParts): Codec {
  const { collections, structures } = keyspace
  return {
    writer: new ValueWriter(structures),
    reader: new ValueReader({
      collections,
      structures,
      listFill: () => config.integer('list-max-listpack-size'),
    }),
  }
}

export function buildStorage(parts: EngineParts): Storage {
  const codec = newCodec(parts)
  const files = newFiles(parts, codec)
  const appendLog = newLog(parts, files)
  const copyLoader = new CopyLoader({
    clock: parts.options.clock,
    values: codec.reader,
    checksSums: () => checksSums(parts),
    services: () => parts.services,
    inTurn: (task) => parts.executor.resume(task),
  })
  const persistence = newPersistence(parts, files, appendLog)
  return { codec, files, appendLog, copyLoader, persistence }
}

/** Whether sums at the end of files and copies count. */
export function checksSums({ config, debug }: EngineParts): boolean {
  return config.isOn('rdbchecksum') && !debug.skipsChecksums
}

function newFiles(parts: EngineParts, { reader }: Codec): RdbFiles {
  const { config, debug, keyspace, memory, options, replication, scripting } = parts
  return new RdbFiles({
    reader,
    keyspace,
    config,
    clock: options.clock,
    log: options.log,
    libraries: scripting,
    version: ENGINE_VERSION,
    usedBytes: () => memory.usedBytes,
    position: () => replication.position,
    checksSums: () => !debug.skipsChecksums,
    latency: tellLatency(parts),
    processId: process.pid,
    isPersistent: options.isPersistent === true,
  })
}

/** The services are joined later. */
function tellLatency(parts: EngineParts): (event: string, ms: number) => void {
  return (event, ms) => parts.services.latency.sample(event, ms, parts.keyspace.nowMs)
}

function newLog(parts: EngineParts, files: RdbFiles): AppendOnlyLog {
  const { clock, log } = parts.options
  const client = new Client({
    id: 0,
    address: 'log:0',
    nowMs: clock.nowMs(),
    isEmbedded: true,
  })
  client.isReplaying = true
  const reply = new RespWriter()
  return new AppendOnlyLog({
    config: parts.config,
    clock,
    log,
    propagation: parts.propagation,
    files,
    replay: (argv) => {
      const command = parts.commands.find(argv)
      if (command === undefined || command.subcommands.length > 0) return false
      parts.executor.replay(client, { command, argv, reply })
      reply.clear()
      return true
    },
    onStatus: () => parts.storage.persistence.tellWriteError(),
    onFatal: parts.options.onFatal,
    disk: systemDisk,
    latency: tellLatency(parts),
    isSaving: () => files.isBusy,
    sleepUsec: () => parts.debug.logWriteDelayUsec,
  })
}

function newPersistence(
  parts: EngineParts,
  files: RdbFiles,
  appendLog: AppendOnlyLog,
): Persistence {
  const { config, keyspace, options, propagation, scripting } = parts
  return new Persistence({
    appendLog,
    files,
    propagation,
    config,
    clock: options.clock,
    log: options.log,
    isEnabled: options.isPersistent === true,
    isNested: () => parts.executor.isNested,
    beginTurn: () => parts.executor.beginTurn(),
    onReplay: (isReplaying) => {
      keyspace.keepDue(isReplaying)
      propagation.audience = isReplaying ? AUDIENCE.none : AUDIENCE.all
    },
    isCopying: () => parts.replication.primary.isCopying,
    onLoading: (isLoading) => parts.services.guards.switch(loadingGuard, isLoading),
    onWriteError: (error) => {
      parts.services.guards.switch(parts.guards.writeError, error !== undefined)
      options.onWriteError?.(error)
    },
    emptied: () => {
      keyspace.flushAll()
      scripting.flushLibraries()
    },
    startListener: parts.replication.startPosition,
  })
}
