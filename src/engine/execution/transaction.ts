import type { ByteCounter } from '../memory/byte-counter.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { Command, CommandFlag } from './command.ts'

/** What a queue holds per command beside its arguments: about what V8 takes for the objects. */
const QUEUED_COMMAND_BYTES = 160

export interface QueuedCommand {
  readonly command: Command
  readonly argv: ArgumentVector
}

/** The commands of one client between MULTI and EXEC. */
export class Transaction {
  /** The flags that any of the queued commands has, and those that not all have. */
  readonly flags = new Set<CommandFlag>()
  readonly #commands: QueuedCommand[] = []
  readonly #counter: ByteCounter
  /** A command was refused while queueing: EXEC runs none. */
  isBroken = false
  bytes = 0

  /** `counter` sums the queues of all clients up. */
  constructor(counter: ByteCounter) {
    this.#counter = counter
  }

  get commands(): readonly QueuedCommand[] {
    return this.#commands
  }

  /** Copies the arguments. */
  queue(command: Command, argv: ArgumentVector): void {
    const copy = argv.copy()
    this.#commands.push({ command, argv: copy })
    this.#count(copy.heldBytes + QUEUED_COMMAND_BYTES)
    for (const flag of command.flagsFor(copy)) this.flags.add(flag)
  }

  /** Whether each queued command has the flag. */
  allHave(flag: CommandFlag): boolean {
    return this.#commands.every(({ command }) => command.spec.flags.includes(flag))
  }

  /** Its memory counts no more. */
  end(): void {
    this.#count(-this.bytes)
    this.#commands.length = 0
  }

  #count(bytes: number): void {
    this.bytes += bytes
    this.#counter.bytes += bytes
  }
}
