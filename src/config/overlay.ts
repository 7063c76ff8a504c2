import { nearestName } from '../shared/nearest-name.ts'
import type { Problem } from './config-error.ts'
import type { EnvVariable } from './option.ts'
import type { TableRow } from './option-table.ts'
import { BOOLEAN_WORDS } from './value-types.ts'

/** A value from outside the file, as the file would have written it. */
export interface Override {
  readonly path: string
  /** The variable or the flag it came from. */
  readonly where: string
  readonly value: unknown
}

export interface Overrides {
  readonly values: readonly Override[]
  readonly problems: readonly Problem[]
}

export type Environment = Readonly<Record<string, string | undefined>>
export type ReadFile = (path: string) => string

const PREFIX = 'GERBANG_'

/** Hasura's variables that keep others out and that the gateway does not honour: refused, not ignored. */
export const REFUSED_VARIABLES: readonly RefusedVariable[] = [
  {
    name: 'HASURA_GRAPHQL_CORS_DOMAIN',
    isRefused: (value) => value !== '' && value !== '*',
    message: 'the gateway answers scripts of every origin and cannot be restricted yet; use *',
  },
  {
    name: 'HASURA_GRAPHQL_DISABLE_CORS',
    isRefused: (value) => BOOLEAN_WORDS.get(value.toLowerCase()) === true,
    message: 'the gateway answers scripts of every origin, which cannot be turned off yet',
  },
  {
    name: 'HASURA_GRAPHQL_REDIS_USE_TLS',
    isRefused: (value) => BOOLEAN_WORDS.get(value.toLowerCase()) === true,
    message: 'say it in the URL, which begins with rediss:// then',
  },
]

export interface RefusedVariable {
  readonly name: string
  readonly isRefused: (value: string) => boolean
  readonly message: string
}

export function overridesFromEnvironment(
  rows: readonly TableRow[],
  environment: Environment,
  readFile: ReadFile,
): Overrides {
  const values: Override[] = []
  const problems = [...refusedVariables(environment), ...misspeltVariables(rows, environment)]
  for (const row of rows) {
    for (const variable of row.env) {
      const found = readVariable(variable, row, environment, readFile)
      if (found === undefined) continue
      if ('message' in found) problems.push(found)
      else values.push(found)
      break
    }
  }
  return { values, problems }
}

export function overridesFromFlags(
  rows: readonly TableRow[],
  flags: ReadonlyMap<string, string>,
): readonly Override[] {
  return rows.flatMap((row) => {
    const text = row.flag === undefined ? undefined : flags.get(row.flag)
    if (text === undefined) return []
    return [{ path: row.path, where: `--${row.flag}`, value: row.fromText(text) }]
  })
}

/** Every user of a machine can read the command lines on it: a password does not belong there. */
export function secretsInFlags(
  rows: readonly TableRow[],
  flags: ReadonlyMap<string, string>,
): readonly Problem[] {
  return rows.flatMap(({ path, flag, isSecret, env }) => {
    const text = flag === undefined ? undefined : flags.get(flag)
    if (text === undefined || !isSecret || !hasPassword(text)) return []
    const [variable] = env
    const instead = variable === undefined ? 'the configuration file' : variable.name
    const message = `others can read a password on the command line; give it by ${instead}`
    return [{ where: `--${flag}`, key: path, message }]
  })
}

function hasPassword(text: string): boolean {
  return URL.canParse(text) && new URL(text).password !== ''
}

function readVariable(
  variable: EnvVariable,
  row: TableRow,
  environment: Environment,
  readFile: ReadFile,
): Override | Problem | undefined {
  const fileVariable = `${variable.name}_FILE`
  const text = environment[variable.name]
  const fileName = row.isSecret ? environment[fileVariable] : undefined
  const refuse = (where: string, message: string): Problem => ({ where, key: row.path, message })

  if (text !== undefined && fileName !== undefined) {
    return refuse(fileVariable, `${variable.name} is set as well; keep one of the two`)
  }
  if (fileName !== undefined) {
    try {
      const content = readFile(fileName).replace(/\r?\n$/, '')
      if (content === '') return refuse(fileVariable, `${fileName} is empty`)
      return { path: row.path, where: fileVariable, value: variable.fromText(content) }
    } catch (error) {
      return refuse(fileVariable, `cannot read ${fileName}: ${messageOf(error)}`)
    }
  }
  if (text === undefined) return undefined
  if (text !== '') return { path: row.path, where: variable.name, value: variable.fromText(text) }
  // `${PORT:-}` in a compose file means unset. A secret that came out empty would open every door.
  return row.isSecret
    ? refuse(variable.name, 'is empty; give it a value, or leave it out altogether')
    : undefined
}

function refusedVariables(environment: Environment): readonly Problem[] {
  return REFUSED_VARIABLES.filter(({ name, isRefused }) => isRefused(environment[name] ?? '')).map(
    ({ name: where, message }) => ({ where, key: undefined, message }),
  )
}

/** Only names close to ours: a cluster sets others that begin with a service's name. */
function misspeltVariables(
  rows: readonly TableRow[],
  environment: Environment,
): readonly Problem[] {
  const variables = rows.flatMap((row) => row.env.map(({ name }) => name)).concat('GERBANG_CONFIG')
  const ours = variables.filter((name) => name.startsWith(PREFIX))
  const known = ours.flatMap((name) => [name, `${name}_FILE`].map(withoutPrefix))
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(withoutPrefix(name)))
    .flatMap((where) => {
      const meant = nearestName(withoutPrefix(where), known)
      if (meant === undefined) return []
      return [
        { where, key: undefined, message: `no such variable; did you mean ${PREFIX}${meant}?` },
      ]
    })
}

function withoutPrefix(variable: string): string {
  return variable.slice(PREFIX.length)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
