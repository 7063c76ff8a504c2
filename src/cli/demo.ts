import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type App, compose } from '../app/index.ts'
import { type Config, loadConfig } from '../config/index.ts'
import { invariant } from '../shared/assert.ts'
import { createLogger } from '../shared/create-logger.ts'
import { type Startable, startInOrder, stopInReverse } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { systemRandom } from '../shared/random.ts'
import { runParts } from '../shared/run-parts.ts'
import type { Command, Host } from './command.ts'
import { demoGuide } from './demo-guide.ts'
import { DemoHasura } from './demo-hasura.ts'
import { type DemoSecrets, type DemoUser, demoSecrets, signToken } from './demo-secrets.ts'
import { describeFlags, type FlagSpec, parseFlags } from './flags.ts'
import { UsageError } from './usage-error.ts'

const FLAGS: readonly FlagSpec[] = [
  { name: 'port', value: 'PORT', doc: 'Port of the gateway (8000).' },
  { name: 'admin-port', value: 'PORT', doc: 'Port of the statistics (8001).' },
  { name: 'hasura-port', value: 'PORT', doc: 'Port of the demo Hasura (8080).' },
  {
    name: 'redis-port',
    value: 'PORT',
    doc: 'Port on which redis-cli can look into the engine (off).',
  },
  { name: 'log-level', value: 'LEVEL', doc: 'debug, info, warn, error or silent (warn).' },
]

const CONFIG_FILE = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url))
const HASURA_PORT = '8080'
const STOP_DEADLINE_MS = 10_000

/** Other ways to name the two secrets, which would contradict the demo's. */
const UNSET = {
  HASURA_GRAPHQL_ADMIN_SECRETS: undefined,
  HASURA_GRAPHQL_ADMIN_SECRETS_FILE: undefined,
  HASURA_GRAPHQL_ADMIN_SECRET_FILE: undefined,
  HASURA_GRAPHQL_JWT_SECRETS: undefined,
  HASURA_GRAPHQL_JWT_SECRETS_FILE: undefined,
  HASURA_GRAPHQL_JWT_SECRET_FILE: undefined,
}

const USERS = {
  alan: { userId: '1', role: 'user', orgId: undefined },
  barbara: { userId: '2', role: 'user', orgId: undefined },
  manager: { userId: '9', role: 'manager', orgId: '1' },
} as const satisfies Record<string, DemoUser>

export const demoCommand: Command = {
  help: [
    'Usage: gerbang demo [flags]',
    '',
    'Starts a demo Hasura with a shop full of data, and the gateway in front of it with config/demo.yaml;',
    'prints commands to try. The secrets are HASURA_GRAPHQL_ADMIN_SECRET and HASURA_GRAPHQL_JWT_SECRET when',
    'those are set, else new ones. A port of 0 picks a free one.',
    '',
    describeFlags(FLAGS),
  ].join('\n'),

  async run(argv, host) {
    const flags = parseFlags(argv, FLAGS)
    const secrets = demoSecrets(host.environment, systemRandom)
    const hasura = new DemoHasura({
      port: parsePort(flags.get('hasura-port') ?? HASURA_PORT),
      adminSecret: secrets.adminSecret,
      jwtSecret: secrets.jwtSecret,
      environment: host.environment,
      stopSignal: host.stopSignal,
    })
    // A mistake is told before the database is built, which takes a while.
    const config = demoConfig(flags, host, secrets, 'http://127.0.0.1')
    const log = createLogger(config.log)
    const gateway = new DemoGateway(() => demoConfig(flags, host, secrets, hasura.url), log)
    const tokens = {
      alan: await signToken(secrets.signing, USERS.alan),
      barbara: await signToken(secrets.signing, USERS.barbara),
      manager: await signToken(secrets.signing, USERS.manager),
    }
    await runParts([hasura, gateway], {
      log,
      stopSignal: host.stopSignal,
      stopDeadlineMs: STOP_DEADLINE_MS,
      onReady: () => {
        const { adminSecret } = secrets
        const addresses = gateway.app.addresses()
        host.print(demoGuide({ ...addresses, hasura: hasura.url, adminSecret, tokens }))
      },
    })
    return 0
  },
}

/** Composed when it starts: only then is the demo Hasura's port known. */
class DemoGateway implements Startable {
  readonly name = 'gateway'
  readonly #loadConfig: () => Config
  readonly #log: Logger
  #app: App | undefined

  constructor(loadConfig: () => Config, log: Logger) {
    this.#loadConfig = loadConfig
    this.#log = log
  }

  get app(): App {
    invariant(this.#app !== undefined, 'the gateway has started')
    return this.#app
  }

  async start(): Promise<void> {
    this.#app = compose(this.#loadConfig(), this.#log)
    await startInOrder(this.#app.parts, this.#log)
  }

  async stop(): Promise<void> {
    await stopInReverse(this.app.parts, { log: this.#log, deadlineMs: STOP_DEADLINE_MS })
  }
}

function demoConfig(
  flags: ReadonlyMap<string, string>,
  host: Host,
  { adminSecret, jwtSecret }: DemoSecrets,
  hasuraUrl: string,
): Config {
  const forGateway = [...flags].filter(([name]) => name !== 'hasura-port')
  return loadConfig({
    fileName: CONFIG_FILE,
    environment: {
      ...host.environment,
      ...UNSET,
      HASURA_GRAPHQL_ADMIN_SECRET: adminSecret,
      HASURA_GRAPHQL_JWT_SECRET: jwtSecret,
    },
    flags: new Map([...forGateway, ['endpoint', hasuraUrl]]),
    readFile: (path) => readFileSync(path, 'utf8'),
  })
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new UsageError(`--hasura-port: expected an integer from 0 to 65535, got "${text}"`)
}
