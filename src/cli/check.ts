import { createLogger, inspect } from '../app/index.ts'
import { ConfigError, explainFindings, loadConfig } from '../config/index.ts'
import { renderReport } from './check-report.ts'
import type { Command } from './command.ts'
import { configFlags, configSources } from './config-flags.ts'
import { describeFlags, parseFlags } from './flags.ts'

export const checkCommand: Command = {
  help: [
    'Usage: gerbang check [flags]',
    '',
    'Says what gerbang serve would do with the same file, variables and flags: reads the configuration,',
    'asks Hasura for its metadata, and prints what would be cached, keyed by what, limited how. Changes',
    'nothing. Exit code 1 when there is a mistake; every one is named, with its place and what is allowed.',
    '',
    describeFlags(configFlags()),
  ].join('\n'),

  async run(argv, host) {
    const sources = configSources(parseFlags(argv, configFlags()), host.environment)
    const config = loadConfig(sources)
    const log = createLogger({ level: 'silent' })
    const inspection = await inspect(config, { log, signal: host.stopSignal })
    host.print(renderReport(config, inspection))
    const problems = explainFindings(sources, inspection.findings)
    if (problems.length > 0) throw new ConfigError(problems)
    return 0
  },
}
