import { seededRandom } from '../../src/shared/random.ts'
import { Choice } from './choice.ts'
import { CommandStream } from './command-stream.ts'
import { Findings, keysOf } from './findings.ts'
import { Pair } from './pair.ts'
import { compareStates } from './state.ts'
import { tryTransaction } from './transaction.ts'
import { tryCommand } from './trial.ts'

const TRANSACTION_PROBABILITY = 0.02
/** After how many commands whole values are compared. */
const STATES_EVERY = 250

export interface FuzzOptions {
  readonly redisPort: number
  readonly enginePort: number
  readonly seed: number
  readonly commands: number
  readonly groups: readonly string[]
  readonly isResp3: boolean
  readonly hasEncodings: boolean
  readonly print: (line: string) => void
}

/** Sends one random stream of commands to both servers, which are emptied before; gives the number of differences. */
export async function fuzz(options: FuzzOptions): Promise<number> {
  const { redisPort, enginePort, seed } = options
  const pair = await Pair.connect(redisPort, enginePort)
  const others = await Pair.connect(redisPort, enginePort)
  const findings = new Findings(options.print)
  const startMs = performance.now()
  try {
    await pair.call('FLUSHALL')
    if (options.isResp3) await pair.call('HELLO', '3')
    await compare(options, { pair, others, findings })
  } finally {
    pair.close()
    others.close()
  }
  for (const line of findings.summary()) options.print(`  ${line}`)
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1)
  options.print(
    `seed ${seed}: ${options.commands} commands, ${findings.count} differences, ${seconds} s`,
  )
  return findings.count
}

interface Servers {
  readonly pair: Pair
  readonly others: Pair
  readonly findings: Findings
}

async function compare(options: FuzzOptions, { pair, others, findings }: Servers): Promise<void> {
  const choice = new Choice(seededRandom(options.seed))
  const { groups, hasEncodings } = options
  const stream = new CommandStream({ choice, groups, hasEncodings })
  for (let index = 1; index <= options.commands; index += 1) {
    if (choice.chance(TRANSACTION_PROBABILITY)) {
      await tryTransaction({ pair, others, choice, stream, findings, index })
    } else {
      await tryOne(pair, stream.next(), findings, index)
    }
    if (index % STATES_EVERY === 0 || index === options.commands) {
      await tryStates(pair, findings, index)
    }
  }
}

/** What differs is deleted on both, so that one fault is not told again and again. */
async function tryOne(
  pair: Pair,
  words: readonly string[],
  findings: Findings,
  index: number,
): Promise<void> {
  const difference = await tryCommand(pair, words)
  findings.remember(words)
  if (difference === undefined) return
  findings.add({ index, kind: 'reply', words, ...difference })
  for (const key of keysOf(words)) await pair.call('DEL', key)
}

async function tryStates(pair: Pair, findings: Findings, index: number): Promise<void> {
  for (const { key, theirs, ours } of await compareStates(pair)) {
    findings.add({ index, kind: 'state', words: ['(state)', key], theirs, ours })
    await pair.call('DEL', key)
  }
}
