import type { DescribedRules } from '../execution/acl-service.ts'
import { ACL_CATEGORIES, type Command } from '../execution/command.ts'
import { Permissions } from './permissions.ts'

/** In the words of ACL GETUSER. */
export function describeRules(permissions: Permissions): DescribedRules {
  const { allowsAllChannels, allowsAllKeys, channelPatterns, keyPatterns } = permissions
  return {
    commands: describeCommands(permissions),
    keys: allowsAllKeys ? '~*' : keyPatterns.map(({ rule }) => rule).join(' '),
    channels: allowsAllChannels ? '&*' : channelPatterns.map((glob) => `&${glob}`).join(' '),
  }
}

/**
 * Rules that allow the same commands (acl.c, ACLDescribeSelectorCommandRules): all or none, then the categories
 * that come closest to what is left, then single commands.
 */
export function describeCommands(permissions: Permissions): string {
  const { catalogue } = permissions
  const isAdding = !permissions.allowsFutureCommands
  const rules = [isAdding ? '-@all' : '+@all']
  const sign = isAdding ? '+' : '-'
  // What the rules so far allow, and what they still leave to say.
  const said = new Permissions(catalogue, false)
  said.allowAllCommands(!isAdding)
  const left = permissions.copy()
  const used = new Set<string>()
  for (;;) {
    const category = closestCategory(left, isAdding, used)
    if (category === undefined) break
    said.allowCategory(category, isAdding)
    left.allowCategory(category, !isAdding)
    rules.push(`${sign}@${category}`)
    used.add(category)
  }
  for (const command of catalogue.commands) {
    addDifference(rules, command, { permissions, said })
    for (const subcommand of command.subcommands) {
      addDifference(rules, subcommand, { permissions, said })
    }
  }
  return rules.join(' ')
}

/** With more commands in common than not: the fewest of those, then the most in common. */
function closestCategory(
  left: Permissions,
  isAdding: boolean,
  used: ReadonlySet<string>,
): string | undefined {
  let best: string | undefined
  let leastWrong = Number.POSITIVE_INFINITY
  let mostRight = 0
  for (const category of ACL_CATEGORIES) {
    if (used.has(category)) continue
    let right = 0
    let wrong = 0
    for (const command of left.catalogue.inCategory(category) ?? []) {
      if (left.allowsCommand(command) === isAdding) right += 1
      else wrong += 1
    }
    const isBetter = wrong < leastWrong || (wrong === leastWrong && right > mostRight)
    if (right <= wrong || !isBetter) continue
    best = category
    leastWrong = wrong
    mostRight = right
  }
  return best
}

function addDifference(
  rules: string[],
  command: Command,
  { permissions, said }: { readonly permissions: Permissions; readonly said: Permissions },
): void {
  const isAllowed = permissions.allowsCommand(command)
  if (isAllowed !== said.allowsCommand(command)) {
    rules.push(`${isAllowed ? '+' : '-'}${command.fullName}`)
    said.allow(command, isAllowed)
  }
  if (isAllowed) return
  for (const word of permissions.firstArguments(command)) {
    rules.push(`+${command.fullName}|${word}`)
  }
}
