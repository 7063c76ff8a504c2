import type { Command } from '../execution/command.ts'
import { KEY_ACCESS } from './key-pattern.ts'
import type { Permissions } from './permissions.ts'
import { RULE_ERRORS, type RuleError } from './rule-errors.ts'

/** What C's isspace knows, and the byte that ends a text there: neither may be in a name or a pattern. */
const SPACE = /[ \t\n\v\f\r\0]/

/** Rules without anything to say further, and the longer ones that mean the same. */
const WORDS: Readonly<Record<string, (permissions: Permissions) => void>> = {
  allkeys: (permissions) => setAllKeys(permissions, true),
  '~*': (permissions) => setAllKeys(permissions, true),
  resetkeys: (permissions) => setAllKeys(permissions, false),
  allchannels: (permissions) => setAllChannels(permissions, true),
  '&*': (permissions) => setAllChannels(permissions, true),
  resetchannels: (permissions) => setAllChannels(permissions, false),
  allcommands: (permissions) => permissions.allowAllCommands(true),
  '+@all': (permissions) => permissions.allowAllCommands(true),
  nocommands: (permissions) => permissions.allowAllCommands(false),
  '-@all': (permissions) => permissions.allowAllCommands(false),
}

export function hasSpaces(text: string): boolean {
  return SPACE.test(text)
}

/** Up to a zero byte, where Redis' words end. */
export function wordOf(rule: string): string {
  const end = rule.indexOf('\0')
  return end < 0 ? rule : rule.slice(0, end)
}

/** One rule about commands, keys or channels: `+get`, `~user:*`, `&news` (acl.c, ACLSetSelector). */
export function applyPermissionRule(permissions: Permissions, rule: string): RuleError | undefined {
  const word = wordOf(rule)
  const lower = word.toLowerCase()
  if (Object.hasOwn(WORDS, lower)) {
    WORDS[lower]?.(permissions)
    return undefined
  }
  switch (rule.charAt(0)) {
    case '~':
      return allowKeys(permissions, rule.slice(1), KEY_ACCESS.both)
    case '%':
      return allowSomeKeys(permissions, rule)
    case '&':
      return allowChannels(permissions, rule.slice(1))
    case '+':
      return word.charAt(1) === '@' ? setCategory(permissions, word) : addCommand(permissions, word)
    case '-':
      return word.charAt(1) === '@'
        ? setCategory(permissions, word)
        : takeCommand(permissions, word)
    default:
      return RULE_ERRORS.syntax
  }
}

function setAllKeys(permissions: Permissions, isAllowed: boolean): void {
  permissions.allowsAllKeys = isAllowed
  permissions.keyPatterns = []
}

function setAllChannels(permissions: Permissions, isAllowed: boolean): void {
  permissions.allowsAllChannels = isAllowed
  permissions.channelPatterns = []
}

/** `%R~pattern`, `%W~`, `%RW~`; each letter once, in either case. */
function allowSomeKeys(permissions: Permissions, rule: string): RuleError | undefined {
  if (permissions.allowsAllKeys) return RULE_ERRORS.afterAllKeys
  const match = /^%(r|w|rw|wr)(?:~|$)/i.exec(rule)
  const letters = match?.[1]?.toLowerCase()
  // Redis 7.0.15 takes no letter at all, and cannot tell the rule afterwards.
  if (match === null || letters === undefined) return RULE_ERRORS.syntax
  const read = letters.includes('r') ? KEY_ACCESS.read : 0
  const write = letters.includes('w') ? KEY_ACCESS.write : 0
  return allowKeys(permissions, rule.slice(match[0].length), read | write)
}

function allowKeys(permissions: Permissions, glob: string, access: number): RuleError | undefined {
  if (permissions.allowsAllKeys) return RULE_ERRORS.afterAllKeys
  if (hasSpaces(glob)) return RULE_ERRORS.syntax
  permissions.allowKeys(glob, access)
  return undefined
}

function allowChannels(permissions: Permissions, glob: string): RuleError | undefined {
  if (permissions.allowsAllChannels) return RULE_ERRORS.afterAllChannels
  if (hasSpaces(glob)) return RULE_ERRORS.syntax
  permissions.allowChannels(glob)
  return undefined
}

function setCategory(permissions: Permissions, word: string): RuleError | undefined {
  const isKnown = permissions.allowCategory(word.slice(2), word.startsWith('+'))
  return isKnown ? undefined : RULE_ERRORS.unknownCommand
}

function takeCommand(permissions: Permissions, word: string): RuleError | undefined {
  const command = permissions.catalogue.find(word.slice(1))
  if (command === undefined) return RULE_ERRORS.unknownCommand
  permissions.allow(command, false)
  return undefined
}

/** `+get`, `+config|get`, or `+select|0`: a command that is not allowed, but with this word behind its name. */
function addCommand(permissions: Permissions, word: string): RuleError | undefined {
  const { catalogue } = permissions
  const barAt = word.lastIndexOf('|')
  const command = catalogue.find(word.slice(1, barAt < 0 ? undefined : barAt))
  if (command === undefined) return RULE_ERRORS.unknownCommand
  if (barAt < 0) {
    permissions.allow(command, true)
    return undefined
  }
  if (catalogue.isSubcommand(command)) return RULE_ERRORS.firstArgumentOfSubcommand
  return addAfterBar(permissions, command, word.slice(barAt + 1))
}

function addAfterBar(
  permissions: Permissions,
  command: Command,
  after: string,
): RuleError | undefined {
  const { catalogue } = permissions
  if (after === '') return RULE_ERRORS.syntax
  if (!catalogue.isContainer(command)) {
    permissions.allowFirstArgument(command, after)
    return undefined
  }
  const subcommand = catalogue.find(`${command.fullName}|${after}`)
  if (subcommand === undefined) return RULE_ERRORS.unknownCommand
  permissions.allow(subcommand, true)
  return undefined
}
