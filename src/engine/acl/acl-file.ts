import { readFileSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { hasSpaces } from './permission-rules.ts'
import { RULE_ERRORS, type RuleError } from './rule-errors.ts'
import { mergeParentheses } from './rule-parser.ts'

/** Where a file's users are put together before they become those in force. */
export interface UserDraft {
  /** False when there is one of this name. */
  add(name: string): boolean
  apply(name: string, rule: string): RuleError | undefined
}

/** The text of an aclfile, one character per byte; or why there is none, in the system's words. */
export function readAclFile(
  path: string,
): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: readFileSync(path, 'latin1') }
  } catch (error) {
    return { problem: systemMessage(error) }
  }
}

/**
 * Reads lines as `user alice on +get ~*` (acl.c, ACLLoadFromFile); gives all that is wrong with them, in a
 * line, or nothing. Words stand between single spaces, without quotes; comments would be lost with ACL SAVE and
 * are none.
 */
export function parseUsers(text: string, fileName: string, draft: UserDraft): string {
  const errors: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const words = trimmed(line, ' \t\r\n').split(' ')
    if (words.length === 1 && words[0] === '') continue
    const error = parseUser(words, { fileName, line: index + 1 }, draft)
    if (error !== undefined) errors.push(error)
  }
  return errors.join('')
}

interface Place {
  readonly fileName: string
  readonly line: number
}

function parseUser(
  words: readonly string[],
  { fileName, line }: Place,
  draft: UserDraft,
): string | undefined {
  const place = `${fileName}:${line}`
  const [keyword, name, ...rules] = words
  if (keyword !== 'user' || name === undefined) {
    return `${place} should start with user keyword followed by the username. `
  }
  if (hasSpaces(name)) return `'${place}: username '${name}' contains invalid characters. `
  if (!draft.add(name)) return `WARNING: Duplicate user '${name}' found on line ${line}. `
  const parsed = mergeParentheses(rules)
  if ('unmatched' in parsed) return `${place}: Unmatched parenthesis in selector definition.`
  return applyAll(parsed.merged, place, (rule) => draft.apply(name, rule)) || undefined
}

/** Unknown commands one by one, of all else the first only, since it may be the reason for what follows. */
function applyAll(
  rules: readonly string[],
  place: string,
  apply: (rule: string) => RuleError | undefined,
): string {
  let errors = ''
  let hasOther = false
  for (const given of rules) {
    const rule = trimmed(given, '\t\r\n')
    const error = apply(rule)
    if (error === RULE_ERRORS.unknownCommand) {
      errors += `${place}: Error in applying operation '${rule}': ${error}. `
    } else if (error !== undefined && !hasOther) {
      errors += `${place}: ${error}. `
      hasOther = true
    }
  }
  return errors
}

function trimmed(text: string, characters: string): string {
  let start = 0
  let end = text.length
  while (start < end && characters.includes(text.charAt(start))) start += 1
  while (end > start && characters.includes(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** "No such file or directory", as C's strerror has it: Node.js puts the code in front and the path behind. */
function systemMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const errno = 'errno' in error ? error.errno : undefined
  const known = typeof errno === 'number' ? getSystemErrorMap().get(errno)?.[1] : undefined
  return known === undefined ? error.message : known.charAt(0).toUpperCase() + known.slice(1)
}
