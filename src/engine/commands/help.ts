import type { CommandContext } from '../execution/context.ts'

/** The answer to a container's HELP: its own lines between those that every HELP has. */
export function replyWithHelp(
  context: CommandContext,
  command: string,
  lines: readonly string[],
): void {
  const all = [
    `${command} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...lines,
    'HELP',
    '    Prints this help.',
  ]
  context.reply.array(all.length)
  for (const line of all) context.reply.simple(line)
}
