import { DirectiveError, type DirectiveLine } from '../runtime-config/directive-line.ts'
import { hasSpaces } from './permission-rules.ts'
import { RULE_ERRORS } from './rule-errors.ts'
import { mergeParentheses } from './rule-parser.ts'
import type { UserState } from './user.ts'
import { DEFAULT_USER, type Users } from './users.ts'

/** What these signs stand in front of is a password, or as good as one. */
const PASSWORD_RULE = /^[<>#!]/

interface ConfiguredUser {
  readonly name: string
  readonly state: UserState
}

const BOTH =
  'Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This setup is very likely to lead to configuration errors and security holes, please define either an ACL file or declare users directly in your redis.conf, but not both.'

/** The users of redis.conf's `user` lines. Throws a DirectiveError at the first that is wrong. */
export function configuredUsers(
  lines: readonly DirectiveLine[],
  { users, fileName }: { readonly users: Users; readonly fileName: string },
): readonly ConfiguredUser[] {
  if (lines.length > 0 && fileName !== '') throw new DirectiveError(BOTH)
  const names = new Set<string>()
  return lines.map((line) => {
    const name = line.words[0] ?? ''
    if (names.has(name)) throw wrongUser(line, name, RULE_ERRORS.duplicateUser)
    names.add(name)
    if (hasSpaces(name)) throw refused(line, 'Spaces not allowed in ACL usernames')
    return { name, state: stateOf(line, name, users) }
  })
}

function stateOf(line: DirectiveLine, name: string, users: Users): UserState {
  const parsed = mergeParentheses(line.words.slice(1))
  if ('unmatched' in parsed) throw wrongUser(line, parsed.unmatched, RULE_ERRORS.syntax)
  const state = users.newState()
  // As if it had been there and had been told to be new.
  if (name === DEFAULT_USER) users.apply(state, 'reset')
  for (const rule of parsed.merged) {
    const error = users.apply(state, rule)
    if (error === undefined) continue
    if (error !== RULE_ERRORS.unknownCommand) throw wrongUser(line, shown(rule), error)
    throw refused(line, `Error loading ACL rule '${rule}' for the user named '${name}': ${error}`)
  }
  return state
}

function wrongUser(line: DirectiveLine, what: string, error: string): DirectiveError {
  return refused(line, `Error in user declaration '${what}': ${error}`)
}

/** The line is shown without its passwords: this ends in logs. */
function refused({ words, place }: DirectiveLine, reason: string): DirectiveError {
  const text = `user ${words.map(shown).join(' ')}`
  return new DirectiveError(reason, place && { ...place, text })
}

function shown(word: string): string {
  return PASSWORD_RULE.test(word) ? `${word.charAt(0)}(redacted)` : word
}
