import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { CLIENT_STATE, type Client } from './client.ts'
import type { Command, CommandFlag } from './command.ts'

/** A guard's answer that is no error: the command runs from its start once what stands in the way is over. */
export const POSTPONED = ''

/** One reason for which a command may not run. */
export interface Guard {
  /**
   * 'client': matters to clients in some state only (client.ts, CLIENT_STATE). 'engine': matters to every
   * command while it is on.
   */
  readonly concerns: 'client' | 'engine'
  /** The error's text, POSTPONED, or undefined when nothing stands in the way. Never replies itself. */
  refuse(client: Client, command: Command, argv: ArgumentVector): string | undefined
}

/**
 * The guards in the order Redis asks (server.c, processCommand). Those that are off are not asked, and those
 * that concern a client's state only when it is in one: an engine at rest asks nobody.
 */
export class GuardList {
  readonly #guards: readonly Guard[]
  readonly #off = new Set<Guard>()
  #forAnyClient: readonly Guard[] = []
  #all: readonly Guard[] = []

  constructor(guards: readonly Guard[]) {
    this.#guards = guards
    this.#refresh()
  }

  /** Every guard is on until it is switched off. */
  switch(guard: Guard, isOn: boolean): void {
    if (isOn) this.#off.delete(guard)
    else this.#off.add(guard)
    this.#refresh()
  }

  refuse(client: Client, command: Command, argv: ArgumentVector): string | undefined {
    const guards = client.state === 0 ? this.#forAnyClient : this.#all
    // What the primary has done is done.
    if (client.state !== 0 && client.is(CLIENT_STATE.primary)) return undefined
    for (let index = 0; index < guards.length; index += 1) {
      const refusal = guards[index]?.refuse(client, command, argv)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  #refresh(): void {
    this.#all = this.#guards.filter((guard) => !this.#off.has(guard))
    this.#forAnyClient = this.#all.filter((guard) => guard.concerns === 'engine')
  }
}

/** Whether the call has the flag, or is EXEC and a queued call has it. */
export function hasFlag({ client, command, argv }: GuardedCall, flag: CommandFlag): boolean {
  if (command.flagsFor(argv).includes(flag)) return true
  return command.fullName === 'exec' && client.transaction?.flags.has(flag) === true
}

/** Whether the call may change something that others are told of. */
export function mayChange(call: GuardedCall): boolean {
  return hasFlag(call, 'write') || hasFlag(call, 'may_replicate')
}

export interface GuardedCall {
  readonly client: Client
  readonly command: Command
  readonly argv: ArgumentVector
}
