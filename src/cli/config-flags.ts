import { readFileSync } from 'node:fs'
import { type ConfigSources, configSections, type Environment } from '../config/index.ts'
import type { FlagSpec } from './flags.ts'

/** The flags that the configuration's table gives to a command, and `--config`. */
export function configFlags(): readonly FlagSpec[] {
  const rows = configSections().flatMap((section) => section.options)
  const flags = rows.flatMap(({ flag, doc }) =>
    flag === undefined ? [] : [{ name: flag, value: placeholder(flag), doc: firstSentence(doc) }],
  )
  return [
    { name: 'config', value: 'FILE', doc: 'Configuration in YAML; GERBANG_CONFIG without it.' },
    ...flags,
  ]
}

/** The file that --config or GERBANG_CONFIG names, the variables, the flags. */
export function configSources(
  flags: ReadonlyMap<string, string>,
  environment: Environment,
): ConfigSources {
  const fromEnvironment = environment['GERBANG_CONFIG'] || undefined
  return {
    fileName: flags.get('config') ?? fromEnvironment,
    environment,
    flags,
    readFile: (path) => readFileSync(path, 'utf8'),
  }
}

/** `--admin-port PORT` */
function placeholder(flag: string): string {
  return (flag.split('-').at(-1) ?? flag).toUpperCase()
}

function firstSentence(doc: string): string {
  return /^.*?[.;](?=\s|$)/.exec(doc)?.[0].replace(/;$/, '.') ?? doc
}
