import { type Inspection, inspect, inspectDirectory } from '../app/index.ts'
import { type Config, ConfigError, explainFindings, loadConfig } from '../config/index.ts'
import { createLogger } from '../shared/create-logger.ts'
import { MetadataDirectoryError } from '../shared/metadata-directory.ts'
import { renderReport } from './check-report.ts'
import type { Command } from './command.ts'
import { configFlags, configSources } from './config-flags.ts'
import { describeFlags, type FlagSpec, parseFlags } from './flags.ts'
import { UsageError } from './usage-error.ts'

const METADATA: FlagSpec = {
  name: 'metadata',
  value: 'DIR',
  doc: 'Metadata as the Hasura CLI keeps it, instead of what Hasura says.',
}

export const checkCommand: Command = {
  help: [
    'Usage: gerbang check [flags]',
    '',
    'Says what gerbang serve would do with the same file, variables and flags: reads the configuration,',
    'asks Hasura for its metadata, and prints what would be cached, keyed by what, limited how. Changes',
    'nothing. With --metadata, neither Hasura nor the store is asked. Exit code 1 when there is a mistake;',
    'every one is named, with its place and what is allowed.',
    '',
    describeFlags(checkFlags()),
  ].join('\n'),

  async run(argv, host) {
    const flags = new Map(parseFlags(argv, checkFlags()))
    const directory = flags.get(METADATA.name)
    flags.delete(METADATA.name)
    const sources = configSources(flags, host.environment)
    const config = loadConfig(sources)
    const log = createLogger({ level: 'silent' })
    const inspection =
      directory === undefined
        ? await inspect(config, { log, signal: host.stopSignal })
        : readDirectory(config, directory)
    host.print(renderReport(config, inspection))
    const problems = explainFindings(sources, inspection.findings)
    if (problems.length > 0) throw new ConfigError(problems)
    return 0
  },
}

function checkFlags(): readonly FlagSpec[] {
  return [METADATA, ...configFlags()]
}

function readDirectory(config: Config, directory: string): Inspection {
  try {
    return inspectDirectory(config, directory)
  } catch (error) {
    if (!(error instanceof MetadataDirectoryError)) throw error
    throw new UsageError(`--metadata ${directory}: ${error.message}`)
  }
}
