import { describe, expect, it } from 'vitest'
import { parseUsers } from '../../../../src/engine/acl/acl-file.ts'
import { CommandCatalogue } from '../../../../src/engine/acl/command-catalogue.ts'
import type { UserState } from '../../../../src/engine/acl/user.ts'
import { Users } from '../../../../src/engine/acl/users.ts'

/** The errors and the names of a file's users. */
function parse(...lines: readonly string[]): readonly [string, readonly string[]] {
  const users = new Users({ catalogue: new CommandCatalogue([]), allowsAllChannels: () => false })
  const states = new Map<string, UserState>()
  const errors = parseUsers(lines.join('\n'), 'users.acl', {
    add: (name) => !states.has(name) && states.set(name, users.newState()) !== undefined,
    apply: (name, rule) => users.apply(states.get(name) ?? users.newState(), rule),
  })
  return [errors, [...states.keys()]]
}

describe('a file of users', () => {
  it('may have empty lines and spaces around', () => {
    expect(parse('', ' \tuser alice on  ~a \r', '', 'user bob')).toEqual(['', ['alice', 'bob']])
  })

  it.each([
    ['# comment', 'users.acl:1 should start with user keyword followed by the username. '],
    ['user', 'users.acl:1 should start with user keyword followed by the username. '],
    ['USER alice', 'users.acl:1 should start with user keyword followed by the username. '],
    ['user a\tb', "'users.acl:1: username 'a\tb' contains invalid characters. "],
    ['user a (~x', 'users.acl:1: Unmatched parenthesis in selector definition.'],
    ['user a nosuch other', 'users.acl:1: Syntax error. '],
    [
      'user a +x nosuch -y other',
      "users.acl:1: Error in applying operation '+x': Unknown command or category name in ACL. users.acl:1: Syntax error. users.acl:1: Error in applying operation '-y': Unknown command or category name in ACL. ",
    ],
  ])('with %j is wrong', (line, error) => {
    expect(parse(line)[0]).toBe(error)
  })

  it('names every line that is wrong', () => {
    expect(parse('user a', 'x', 'user a on', 'user b ~')[0]).toBe(
      "users.acl:2 should start with user keyword followed by the username. WARNING: Duplicate user 'a' found on line 3. ",
    )
  })
})
