import { rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  DirectiveError,
  ENGINE_VERSION,
  Engine,
  readConfiguration,
  type ServerConfiguration,
} from '../engine/index.ts'
import { systemClock } from '../shared/clock.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { systemRandom } from '../shared/random.ts'
import { runParts } from '../shared/run-parts.ts'
import type { Command, Host } from './command.ts'
import { confFiles } from './conf-files.ts'
import { createEngineLog, LOG_FORMATS, type LogFormat } from './engine-log.ts'
import { raiseInliningBudget } from './inlining-budget.ts'
import { UsageError } from './usage-error.ts'

const STOP_DEADLINE_MS = 5_000

const FORMAT_FLAG = '--log-format'

export const engineCommand: Command = {
  help: [
    'Usage: gerbang engine [--log-format redis|json] [redis.conf] [--directive value …]',
    '',
    'Serves Redis clients until it is told to stop by SIGINT, SIGTERM or SHUTDOWN. The file and the arguments',
    'are in the grammar of redis-server; a directive on the command line wins over one in the file, and "-"',
    'reads more of them from standard input. --port 0, with neither tls-port nor unixsocket, picks a free port.',
    '',
    'The log has redis-server’s lines and goes to logfile or standard output; with --log-format json it is one',
    'JSON object per line, as the gateway’s, and goes to logfile or standard error.',
    '',
    '  gerbang engine config/engine.conf --port 6380 --maxmemory 100mb --maxmemory-policy allkeys-lru',
  ].join('\n'),

  async run(argv, host) {
    raiseInliningBudget()
    try {
      const { format, directives } = takeLogFormat(argv)
      await serve(readConfiguration(directives, confFiles), format, host)
      return 0
    } catch (error) {
      if (error instanceof DirectiveError) throw new UsageError(error.message)
      throw error
    }
  },
}

/** The one flag that is no directive comes first, as redis-server's grammar takes all that follows the file. */
function takeLogFormat(argv: readonly string[]): {
  readonly format: LogFormat
  readonly directives: readonly string[]
} {
  if (argv[0] !== FORMAT_FLAG) return { format: 'redis', directives: argv }
  const format = LOG_FORMATS.find((name) => name === argv[1])
  if (format === undefined) throw new UsageError(`${FORMAT_FLAG} is ${LOG_FORMATS.join(' or ')}`)
  return { format, directives: argv.slice(2) }
}

async function serve(
  configuration: ServerConfiguration,
  format: LogFormat,
  host: Host,
): Promise<void> {
  const given = (name: string): string =>
    configuration.directives.findLast((line) => line.name === name)?.words.join(' ') ?? ''
  // The engine logs while it is created: its role is known only then.
  const role = { isReplica: () => false }
  const { log, setLevel } = createEngineLog({
    format,
    level: given('loglevel'),
    file: given('logfile') === '' ? '' : resolve(given('dir'), given('logfile')),
    isReplica: () => role.isReplica(),
  })
  log.warn({}, `Gerbang is starting, as Redis version=${ENGINE_VERSION}, pid=${process.pid}`)
  const shutdown = new AbortController()
  const engine = new Engine({
    clock: systemClock,
    random: systemRandom,
    log,
    onLogLevel: setLevel,
    configuration,
    onShutdown: () => shutdown.abort(),
    onFatal: () => process.exit(1),
    isPersistent: true,
  })
  role.isReplica = () => engine.isReplica
  obeySignals(engine, log, host)
  const pidFile = given('pidfile')
  await runParts([startable(engine, log, shutdown.signal)], {
    log,
    stopSignal: shutdown.signal,
    stopDeadlineMs: STOP_DEADLINE_MS,
    onReady: () => {
      if (pidFile !== '') writeFileSync(pidFile, `${process.pid}\n`)
      log.info({}, 'Ready to accept connections')
    },
  })
  if (pidFile !== '') {
    log.info({}, 'Removing the pid file.')
    rmSync(pidFile, { force: true })
  }
  log.warn({}, 'Redis is now ready to exit, bye bye...')
}

/** As redis-server: SHUTDOWN ABORT calls it off, and who presses Ctrl+C twice does not wait. */
function obeySignals(engine: Engine, log: Logger, host: Host): void {
  const shutDown = (signal: 'SIGINT' | 'SIGTERM'): void => {
    log.warn({}, `Received ${signal} scheduling shutdown...`)
    engine.requestShutdown(signal)
  }
  host.takeSignals((signal) => {
    if (signal === 'SIGINT' && engine.isShutdownRequested) {
      log.warn({}, 'You insist... exiting now.')
      engine.abandon()
      process.exit(1)
    }
    shutDown(signal)
  })
  // It came before anybody listened.
  if (host.stopSignal.aborted) shutDown(host.stopSignal.reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM')
}

function startable(engine: Engine, log: Logger, stopSignal: AbortSignal): Startable {
  return {
    name: 'engine',
    start: async () => {
      await engine.start()
      const { port } = await engine.listen()
      log.info({}, `Running mode=standalone, port=${port}.`)
      // Programs that start a server wait for its process to be named.
      log.warn({}, `Server initialized, PID: ${process.pid}`)
      await loaded(engine, log, stopSignal)
    },
    stop: () => engine.stop(),
  }
}

/** Why data cannot be loaded is the last that is logged: programs that start a server look there. */
async function loaded(engine: Engine, log: Logger, stopSignal: AbortSignal): Promise<void> {
  try {
    await engine.load()
  } catch (error) {
    if (stopSignal.aborted) await engine.stop()
    else log.error({}, error instanceof Error ? error.message : String(error))
    throw error
  }
}
