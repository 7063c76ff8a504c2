import { ACL_CATEGORIES, type Command } from '../execution/command.ts'

/**
 * The commands as rules name them: by their own names, whatever configuration calls them. Each has a number, by
 * which rules keep whether it may be run.
 */
export class CommandCatalogue {
  /** Containers and commands, in the table's order. */
  readonly commands: readonly Command[]
  readonly #byName = new Map<string, Command>()
  readonly #numbers = new Map<Command, number>()
  readonly #byCategory = new Map<string, Command[]>()

  constructor(commands: readonly Command[]) {
    this.commands = commands
    for (const category of ACL_CATEGORIES) this.#byCategory.set(category, [])
    for (const command of commands.flatMap((each) => [each, ...each.subcommands])) {
      this.#byName.set(command.fullName, command)
      this.#numbers.set(command, this.#numbers.size)
      for (const category of command.categories) this.#byCategory.get(category)?.push(command)
    }
  }

  /** Subcommands among them. */
  get size(): number {
    return this.#numbers.size
  }

  /** -1 for a command of another table: nothing allows it. */
  numberOf(command: Command): number {
    return this.#numbers.get(command) ?? -1
  }

  /** `config|get` for a subcommand; letters of either case. */
  find(name: string): Command | undefined {
    return this.#byName.get(name.toLowerCase())
  }

  /** Commands and subcommands of a category, its name in either case; nothing when there is none such. */
  inCategory(name: string): readonly Command[] | undefined {
    return this.#byCategory.get(name.toLowerCase())
  }

  isContainer(command: Command): boolean {
    return command.subcommands.length > 0
  }

  isSubcommand(command: Command): boolean {
    return command.fullName !== command.spec.name
  }
}
