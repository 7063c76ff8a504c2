import { COMMANDS } from '../src/engine/commands/table.ts'
import { COMMAND_GROUPS, type CommandSpec } from '../src/engine/execution/command.ts'

/** docs/COMMANDS.md */
export function renderCommandDocs(): string {
  const intro = [
    '# Commands of the engine',
    '',
    'Made from the table in `src/engine/commands/` by `npm run docs`; edit that one.',
    '',
    `${COMMANDS.length} commands, each with the replies and the errors of redis-server 7.0.`,
  ]
  const groups = COMMAND_GROUPS.map(
    (group) => [group, COMMANDS.filter((command) => command.group === group)] as const,
  )
  const sections = groups
    .filter(([, commands]) => commands.length > 0)
    .flatMap(([group, commands]) => [
      '',
      `## ${group}`,
      '',
      '| command | since | arity | flags | what it does |',
      '| --- | --- | --- | --- | --- |',
      ...commands
        .toSorted((left, right) => left.name.localeCompare(right.name))
        .flatMap((command) => [row(command), ...subcommandRows(command)]),
    ])
  return `${[...intro, ...sections].join('\n')}\n`
}

function subcommandRows(command: CommandSpec): readonly string[] {
  return (command.subcommands ?? []).map((subcommand) => row(subcommand, `${command.name} `))
}

function row(command: CommandSpec, container = ''): string {
  const { name, since, arity, flags, summary } = command
  const cells = [
    `\`${`${container}${name}`.toUpperCase()}\``,
    since,
    arity,
    flags.join(' '),
    summary,
  ]
  return `| ${cells.join(' | ')} |`
}
