import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommandCatalogue } from '../../../src/engine/acl/command-catalogue.ts'
import { mergeParentheses } from '../../../src/engine/acl/rule-parser.ts'
import { User } from '../../../src/engine/acl/user.ts'
import { Users } from '../../../src/engine/acl/users.ts'
import { COMMANDS } from '../../../src/engine/commands/table.ts'
import { ACL_CATEGORIES } from '../../../src/engine/execution/command.ts'
import { CommandTable } from '../../../src/engine/execution/command-table.ts'
import { splitArguments } from '../../../src/engine/protocol/inline-arguments.ts'

const catalogue = new CommandCatalogue(new CommandTable(COMMANDS).originals)
const NAMES = catalogue.commands.flatMap((command) =>
  [command, ...command.subcommands].map(({ fullName }) => fullName),
)

const commandRule = fc.oneof(
  fc.tuple(fc.constantFrom('+', '-'), fc.constantFrom(...NAMES)).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('+@', '-@'), fc.constantFrom('all', ...ACL_CATEGORIES))
    .map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('+get|', '+select|', '+acl|'), fc.constantFrom('0', 'x', 'cat'))
    .map((parts) => parts.join('')),
)
const otherRule = fc.constantFrom(
  '~a',
  '~b*',
  '%R~a',
  '%W~b*',
  '%R~c',
  'allkeys',
  'resetkeys',
  '&a',
  '&b*',
  'allchannels',
  'resetchannels',
)
const userRule = fc.constantFrom(
  'on',
  'off',
  'nopass',
  '>a',
  '>b',
  'resetpass',
  'reset',
  'clearselectors',
)
const permissionRules = fc.array(fc.oneof(commandRule, otherRule), { maxLength: 8 })
const rules = fc.array(
  fc.oneof(
    commandRule,
    otherRule,
    userRule,
    permissionRules.map((each) => `(${each.join(' ')})`),
  ),
  { maxLength: 20 },
)

/** Rules that are wrong where they stand are left out. */
function userOf(given: readonly string[]): User {
  const users = new Users({ catalogue, allowsAllChannels: () => false })
  const state = users.newState()
  for (const rule of given) users.apply(state, rule)
  return new User('u', state)
}

/** What every set of rules lets be run. */
function allowed({ state }: User): readonly string[] {
  return state.permissions.map((permissions) =>
    catalogue.commands
      .flatMap((command) => [command, ...command.subcommands])
      .filter((command) => permissions.allowsCommand(command))
      .map(({ fullName }) => fullName)
      .join(' '),
  )
}

describe('a user', () => {
  it('told as rules, and made of them again, is the same', () => {
    fc.assert(
      fc.property(rules, (given) => {
        const user = userOf(given)
        const parsed = mergeParentheses(splitArguments(user.rules) ?? [])
        const again = userOf('merged' in parsed ? parsed.merged : [])
        expect(again.rules).toBe(user.rules)
        expect(allowed(again)).toEqual(allowed(user))
      }),
      { numRuns: 300 },
    )
  })
})
