import { checkConfig, type Finding } from './check-config.ts'
import { ConfigError, type Problem } from './config-error.ts'
import { deepFreeze } from './deep-freeze.ts'
import { configSections } from './option-table.ts'
import {
  type Environment,
  type Override,
  overridesFromEnvironment,
  overridesFromFlags,
  type ReadFile,
  secretsInFlags,
} from './overlay.ts'
import { describeFinding, describeIssue, type ProblemContext } from './problems.ts'
import { type Config, configSchema } from './schema.ts'
import { isMapping, parseYamlFile, type YamlFile } from './yaml-file.ts'

export interface ConfigSources {
  /** `undefined`: no file, defaults only. */
  readonly fileName: string | undefined
  readonly environment: Environment
  /** Flags of the command line without their dashes. */
  readonly flags: ReadonlyMap<string, string>
  readonly readFile: ReadFile
}

/** File, then environment, then flags: the later one wins. Throws a ConfigError that names every mistake. */
export function loadConfig(sources: ConfigSources): Config {
  const { file, overrides, problems } = readSources(sources)
  const parsed = configSchema.safeParse(mergeOverrides(file.tree, overrides), { reportInput: true })
  const context = contextOf(file, overrides)
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap((issue) => describeIssue(issue, context)))
    throw new ConfigError(problems)
  }
  problems.push(...checkConfig(parsed.data).map((finding) => describeFinding(finding, context)))
  if (problems.length > 0) throw new ConfigError(problems)
  return deepFreeze(parsed.data)
}

/** Mistakes in a valid configuration that only show beside the world, Hasura's metadata for one: who made them where. */
export function explainFindings(
  sources: ConfigSources,
  findings: readonly Finding[],
): readonly Problem[] {
  const { file, overrides } = readSources(sources)
  return findings.map((finding) => describeFinding(finding, contextOf(file, overrides)))
}

interface SourcesRead {
  readonly file: YamlFile
  readonly overrides: readonly Override[]
  readonly problems: Problem[]
}

function readSources(sources: ConfigSources): SourcesRead {
  const file = readConfigFile(sources)
  const rows = configSections().flatMap((section) => section.options)
  const fromEnvironment = overridesFromEnvironment(rows, sources.environment, sources.readFile)
  return {
    file,
    overrides: [...fromEnvironment.values, ...overridesFromFlags(rows, sources.flags)],
    problems: [
      ...file.problems,
      ...fromEnvironment.problems,
      ...secretsInFlags(rows, sources.flags),
    ],
  }
}

function contextOf(file: YamlFile, overrides: readonly Override[]): ProblemContext {
  return { file, origins: new Map(overrides.map(({ path, where }) => [path, where])) }
}

function readConfigFile({ fileName, readFile }: ConfigSources): YamlFile {
  if (fileName === undefined) return parseYamlFile('the defaults', '')
  try {
    return parseYamlFile(fileName, readFile(fileName))
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    throw new ConfigError([{ where: fileName, key: undefined, message }])
  }
}

/** The file's tree with every section present, so that an absent one has its defaults. */
function mergeOverrides(
  tree: Readonly<Record<string, unknown>>,
  overrides: readonly Override[],
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...tree }
  for (const section of Object.keys(configSchema.shape)) merged[section] ??= {}
  for (const { path, value } of overrides) {
    const [section = '', key = ''] = path.split('.')
    const existing = merged[section]
    if (isMapping(existing)) merged[section] = { ...existing, [key]: value }
  }
  return merged
}
