import { Engine } from '../../src/engine/index.ts'
import type { Reply } from '../../src/engine/protocol/value-writer.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { seededRandom } from '../../src/shared/random.ts'
import { FakeClock } from './fake-clock.ts'

type Shown = string | number | bigint | boolean | null | Shown[]

/** An engine in the words of a test: lines of commands in, text out, and the effects that were told. */
export class CommandDriver {
  readonly engine: Engine
  readonly clock = new FakeClock()
  /** Each as one line. */
  readonly effects: string[] = []
  readonly #client: ReturnType<Engine['client']>

  constructor(options: { readonly seed?: number } = {}) {
    const random = seededRandom(options.seed ?? 1)
    this.engine = new Engine({ clock: this.clock, random, log: silentLogger })
    this.engine.onEffect((_index, effect) => {
      this.effects.push(effect.join(' '))
    })
    this.#client = this.engine.client()
  }

  /** The reply, with bulk strings as text. Spaces part the arguments. */
  run(line: string): Shown {
    return this.call(...line.split(' '))
  }

  call(...argv: readonly string[]): Shown {
    return shown(this.#client.call(...argv))
  }

  /** A reply that is an array, sorted. */
  sorted(line: string): Shown[] {
    const reply = this.run(line)
    return Array.isArray(reply) ? reply.map(String).sort() : [reply]
  }
}

function shown(reply: Reply): Shown {
  if (Array.isArray(reply)) return reply.map(shown)
  if (reply instanceof Error) return reply.message
  return Buffer.isBuffer(reply) ? reply.toString() : reply
}
