import { readFileSync } from 'node:fs'
import { createLogger, run } from '../app/index.ts'
import { DirectiveError, Engine, parseServerArguments } from '../engine/index.ts'
import { systemClock } from '../shared/clock.ts'
import { systemRandom } from '../shared/random.ts'
import type { Command, Host } from './command.ts'
import { UsageError } from './usage-error.ts'

type Directives = ReadonlyMap<string, string>

const DEFAULT_PORT = 6_379
const STOP_DEADLINE_MS = 5_000

/** redis.conf's levels in ours. */
const LOG_LEVELS = {
  debug: 'debug',
  verbose: 'debug',
  notice: 'info',
  warning: 'warn',
  nothing: 'silent',
} as const

export const engineCommand: Command = {
  help: [
    'Usage: gerbang engine [redis.conf] [--directive value …]',
    '',
    'Serves Redis clients until it is told to stop by SIGINT or SIGTERM. The file and the arguments are in',
    'the grammar of redis-server; a directive on the command line wins over one in the file. --port 0',
    'picks a free port.',
    '',
    '  gerbang engine config/engine.conf --port 6380 --maxmemory 100mb --maxmemory-policy allkeys-lru',
  ].join('\n'),

  async run(argv, host) {
    try {
      const directives = parseServerArguments(argv, (path) => readFileSync(path, 'utf8'))
      await serve(directives, host)
      return 0
    } catch (error) {
      if (error instanceof DirectiveError) throw new UsageError(error.message)
      throw error
    }
  },
}

async function serve(directives: Directives, host: Host): Promise<void> {
  const log = createLogger({ level: logLevel(directives) })
  const engine = new Engine({ clock: systemClock, random: systemRandom, log, directives })
  const address = {
    host: bindAddress(directives),
    port: Number(directives.get('port') ?? DEFAULT_PORT),
  }
  const server = {
    name: 'engine',
    start: async () => {
      await engine.start()
      address.port = (await engine.listen(address)).port
    },
    stop: () => engine.stop(),
  }
  await run([server], {
    log,
    stopSignal: host.stopSignal,
    stopDeadlineMs: STOP_DEADLINE_MS,
    onReady: () => host.print(`Ready to accept connections on ${address.host}:${address.port}`),
  })
}

/** An address behind "-" may be absent from the machine: Redis' default names ::1 so. */
function bindAddress(directives: Directives): string {
  const given = (directives.get('bind') ?? '127.0.0.1').split(' ')
  const [address = '127.0.0.1', ...others] = given.filter((name) => !name.startsWith('-'))
  if (others.length > 0) throw new UsageError('bind takes one address; use * for all of them')
  return address === '*' ? '0.0.0.0' : address
}

function logLevel(directives: Directives): (typeof LOG_LEVELS)[keyof typeof LOG_LEVELS] {
  const level = directives.get('loglevel')?.toLowerCase()
  return Object.entries(LOG_LEVELS).find(([name]) => name === level)?.[1] ?? 'info'
}
