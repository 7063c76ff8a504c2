import { compose } from '../app/index.ts'
import { loadConfig } from '../config/index.ts'
import { createLogger } from '../shared/create-logger.ts'
import { runParts } from '../shared/run-parts.ts'
import type { Command } from './command.ts'
import { configFlags, configSources } from './config-flags.ts'
import { describeFlags, parseFlags } from './flags.ts'

export const serveCommand: Command = {
  help: [
    'Usage: gerbang serve [flags]',
    '',
    'Runs the gateway until it is told to stop by SIGINT or SIGTERM. Hasura is where --endpoint or',
    'HASURA_GRAPHQL_ENDPOINT says. Every option is in config/gerbang.yaml; docs/CONFIG.md explains them.',
    '',
    describeFlags(configFlags()),
  ].join('\n'),

  async run(argv, host) {
    const config = loadConfig(configSources(parseFlags(argv, configFlags()), host.environment))
    const log = createLogger(config.log)
    const app = compose(config, log)
    if (config.auth.admin_secrets.length === 0)
      log.warn({}, 'no admin secret: every request is an admin’s')
    await runParts(app.parts, {
      log,
      stopSignal: host.stopSignal,
      stopDeadlineMs: config.server.shutdown_grace + STOP_MARGIN_MS,
      onReady: () => log.info({ ...app.addresses(), upstream: config.upstream.url }, 'ready'),
    })
    return 0
  },
}

/** Closing sockets after the last request takes a moment of its own. */
const STOP_MARGIN_MS = 2_000
