import { rmSync, writeFileSync } from 'node:fs'
import {
  DirectiveError,
  Engine,
  readConfiguration,
  type ServerConfiguration,
} from '../engine/index.ts'
import { systemClock } from '../shared/clock.ts'
import { createLogger } from '../shared/create-logger.ts'
import { systemRandom } from '../shared/random.ts'
import { runParts } from '../shared/run-parts.ts'
import type { Command, Host } from './command.ts'
import { confFiles } from './conf-files.ts'
import { raiseInliningBudget } from './inlining-budget.ts'
import { UsageError } from './usage-error.ts'

const STOP_DEADLINE_MS = 5_000

/** redis.conf's levels in ours. */
const LOG_LEVELS: Readonly<Record<string, string>> = {
  debug: 'debug',
  verbose: 'debug',
  notice: 'info',
  warning: 'warn',
}

export const engineCommand: Command = {
  help: [
    'Usage: gerbang engine [redis.conf] [--directive value …]',
    '',
    'Serves Redis clients until it is told to stop by SIGINT, SIGTERM or SHUTDOWN. The file and the arguments',
    'are in the grammar of redis-server; a directive on the command line wins over one in the file, and "-"',
    'reads more of them from standard input. --port 0, with neither tls-port nor unixsocket, picks a free port.',
    '',
    '  gerbang engine config/engine.conf --port 6380 --maxmemory 100mb --maxmemory-policy allkeys-lru',
  ].join('\n'),

  async run(argv, host) {
    raiseInliningBudget()
    try {
      await serve(readConfiguration(argv, confFiles), host)
      return 0
    } catch (error) {
      if (error instanceof DirectiveError) throw new UsageError(error.message)
      throw error
    }
  },
}

async function serve(configuration: ServerConfiguration, host: Host): Promise<void> {
  const given = (name: string): string =>
    configuration.directives.findLast((line) => line.name === name)?.words.join(' ') ?? ''
  const log = createLogger({
    level: LOG_LEVELS[given('loglevel').toLowerCase()] ?? 'info',
    ...(given('logfile') === '' ? {} : { file: given('logfile') }),
  })
  const shutdown = new AbortController()
  const engine = new Engine({
    clock: systemClock,
    random: systemRandom,
    log,
    configuration,
    onShutdown: () => shutdown.abort(),
    isPersistent: true,
  })
  const signalled = (): void => {
    if (engine.prepareStop(host.stopSignal.reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM')) {
      return shutdown.abort()
    }
    log.error(
      {},
      'Errors trying to save the data: the engine goes on. A second signal ends it without',
    )
  }
  if (host.stopSignal.aborted) signalled()
  else host.stopSignal.addEventListener('abort', signalled, { once: true })
  let port = 0
  const server = {
    name: 'engine',
    start: async () => {
      await engine.start()
      port = (await engine.listen()).port
      // Redis' words: programs that start a server wait for its process to be named.
      host.print(`Server initialized, PID: ${process.pid}`)
      await loaded(engine, host)
    },
    stop: () => engine.stop(),
  }
  const pidFile = given('pidfile')
  await runParts([server], {
    log,
    stopSignal: shutdown.signal,
    stopDeadlineMs: STOP_DEADLINE_MS,
    onReady: () => {
      if (pidFile !== '') writeFileSync(pidFile, `${process.pid}\n`)
      host.print(`Ready to accept connections${port === 0 ? '' : ` on port ${port}`}`)
    },
  })
  if (pidFile !== '') rmSync(pidFile, { force: true })
}

/** Why data cannot be loaded is told where programs that start a server look, as redis-server does. */
async function loaded(engine: Engine, host: Host): Promise<void> {
  try {
    await engine.load()
  } catch (error) {
    host.print(error instanceof Error ? error.message : String(error))
    throw error
  }
}
