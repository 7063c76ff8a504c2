import type { z } from 'zod'
import { nearestName } from '../shared/nearest-name.ts'
import type { Finding } from './check-config.ts'
import type { Problem } from './config-error.ts'
import { findOption, knownKeys } from './option-table.ts'
import type { YamlFile } from './yaml-file.ts'

export interface ProblemContext {
  readonly file: YamlFile
  /** Which variable or flag set an option, by the option's path. */
  readonly origins: ReadonlyMap<string, string>
}

/** What the schema refused, in the reader's words: where, which option, what is allowed there. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  context: ProblemContext,
): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => describeUnknownKey(key, issue.path, context))
  }
  const { option } = findOption(issue.path)
  const expected = option?.expected ?? 'a mapping'
  const shown = option?.isSecret === true ? undefined : shownValue(issue.input)
  const message =
    issue.code === 'custom'
      ? issue.message
      : `expected ${expected}${shown === undefined ? '' : `, got ${shown}`}`
  const isMissing = issue.input === undefined
  return [
    {
      where: originOf(issue.path, context),
      key: keyOf(issue.path),
      message:
        isMissing && option?.isRequired === true ? `is missing; expected ${expected}` : message,
    },
  ]
}

export function describeFinding({ path, message }: Finding, context: ProblemContext): Problem {
  return { where: originOf(path, context), key: keyOf(path), message }
}

function describeUnknownKey(
  key: string,
  path: readonly PropertyKey[],
  { file }: ProblemContext,
): Problem {
  const known = knownKeys(findOption(path).schema)
  const meant = nearestName(key, known)
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean "${meant}"?`
  return {
    where: file.locateKey(path, key),
    key: keyOf([...path, key]),
    message: `no such option; ${hint}`,
  }
}

function originOf(
  path: readonly PropertyKey[],
  { file, origins }: ProblemContext,
): string | undefined {
  return origins.get(path.slice(0, 2).join('.')) ?? file.locate(path)
}

/** `cache.rules[0].ttl` */
function keyOf(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}

const SHOWN_LENGTH_MAX = 60

function shownValue(value: unknown): string | undefined {
  const json: string | undefined = JSON.stringify(value)
  if (json === undefined) return undefined
  return json.length > SHOWN_LENGTH_MAX ? `${json.slice(0, SHOWN_LENGTH_MAX)}…` : json
}
