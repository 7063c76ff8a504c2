import { splitArguments } from '../protocol/inline-arguments.ts'
import { hashPassword, isPasswordHash } from './password.ts'
import { applyPermissionRule, wordOf } from './permission-rules.ts'
import type { Permissions } from './permissions.ts'
import { RULE_ERRORS, type RuleError } from './rule-errors.ts'
import type { UserState } from './user.ts'

/** What rules in parentheses start from: nothing is allowed, but perhaps all channels (acl-pubsub-default). */
export type CreatePermissions = () => Permissions

/** Rules on the user itself that say all there is to say. */
const WORDS: Readonly<Record<string, (state: UserState, create: CreatePermissions) => void>> = {
  on: (state) => {
    state.isEnabled = true
  },
  off: (state) => {
    state.isEnabled = false
  },
  'sanitize-payload': (state) => {
    state.sanitizesPayload = true
  },
  'skip-sanitize-payload': (state) => {
    state.sanitizesPayload = false
  },
  nopass: (state) => {
    state.needsNoPassword = true
    state.passwords = []
  },
  resetpass: (state) => {
    state.needsNoPassword = false
    state.passwords = []
  },
  clearselectors: (state) => {
    state.permissions = [state.permissions[0]]
  },
  reset: (state, create) => {
    state.isEnabled = false
    state.sanitizesPayload = true
    state.needsNoPassword = false
    state.passwords = []
    state.permissions = [create()]
  },
}

/** One rule of ACL SETUSER (acl.c, ACLSetUser), as latin1 text. Nothing has changed after an error. */
export function applyRule(
  state: UserState,
  rule: string,
  create: CreatePermissions,
): RuleError | undefined {
  if (rule === '') return undefined
  const word = wordOf(rule).toLowerCase()
  if (Object.hasOwn(WORDS, word)) {
    WORDS[word]?.(state, create)
    return undefined
  }
  switch (rule.charAt(0)) {
    case '>':
    case '#':
    case '<':
    case '!':
      return applyPassword(state, rule)
    case '(':
      if (rule.endsWith(')')) return addPermissions(state, rule, create)
  }
  return applyPermissionRule(state.permissions[0], rule)
}

/** `>secret` and `#hash` add, `<secret` and `!hash` take away. */
function applyPassword(state: UserState, rule: string): RuleError | undefined {
  const sign = rule.charAt(0)
  const text = rule.slice(1)
  const isHash = sign === '#' || sign === '!'
  if (isHash && !isPasswordHash(text)) return RULE_ERRORS.passwordHash
  const hash = isHash ? text : hashPassword(Buffer.from(text, 'latin1'))
  const isKnown = state.passwords.includes(hash)
  if (sign === '>' || sign === '#') {
    if (!isKnown) state.passwords = [...state.passwords, hash]
    state.needsNoPassword = false
    return undefined
  }
  if (!isKnown) return RULE_ERRORS.noSuchPassword
  state.passwords = state.passwords.filter((other) => other !== hash)
  return undefined
}

/** Rules in parentheses, apart from the user's own. */
function addPermissions(
  state: UserState,
  rule: string,
  create: CreatePermissions,
): RuleError | undefined {
  const permissions = create()
  for (const each of splitArguments(rule.slice(1, -1)) ?? []) {
    const error = applyPermissionRule(permissions, each)
    if (error !== undefined) return error
  }
  state.permissions = [...state.permissions, permissions]
  return undefined
}

/**
 * Rules in parentheses may come as several arguments: those are joined by spaces. Without the closing
 * parenthesis it is the argument that opens them that is given back as `unmatched`.
 */
export function mergeParentheses(
  rules: readonly string[],
): { readonly merged: readonly string[] } | { readonly unmatched: string } {
  const merged: string[] = []
  let open: { readonly first: string; text: string } | undefined
  for (const rule of rules) {
    if (rule.startsWith('(') && !rule.endsWith(')')) open = { first: rule, text: rule }
    else if (open === undefined) merged.push(rule)
    else {
      open.text += ` ${rule}`
      if (!rule.endsWith(')')) continue
      merged.push(open.text)
      open = undefined
    }
  }
  return open === undefined ? { merged } : { unmatched: open.first }
}
