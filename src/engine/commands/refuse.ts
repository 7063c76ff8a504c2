import type { CommandContext } from '../execution/context.ts'

/** Answers with an error, and gives what readers of arguments give once an error is written. */
export function refuse({ reply }: CommandContext, error: string): undefined {
  reply.error(error)
  return undefined
}
