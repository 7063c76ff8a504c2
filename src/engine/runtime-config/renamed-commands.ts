import { DirectiveError, type DirectiveLine } from './directive-line.ts'

/**
 * By its own name the one each command shall be called by, in small letters, nothing for one that shall be gone.
 * Throws a DirectiveError for a `rename-command` of what there is not, or to a name that is taken.
 */
export function renamedCommands(
  lines: readonly DirectiveLine[],
  commands: readonly { readonly name: string }[],
): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>()
  const taken = new Set(commands.map(({ name }) => name))
  for (const { words, place } of lines) {
    const [from = '', to = ''] = words.map((word) => word.toLowerCase())
    if (!taken.has(from) || renamed.has(from)) {
      throw new DirectiveError('No such command in rename-command', place)
    }
    taken.delete(from)
    if (to !== '' && taken.has(to)) {
      throw new DirectiveError('Target command name already exists', place)
    }
    if (to !== '') taken.add(to)
    renamed.set(from, to)
  }
  return renamed
}
