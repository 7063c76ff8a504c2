import { parseArgs } from 'node:util'
import { runFuzz } from './fuzz/run-fuzz.ts'
import { runSuite } from './suite/run-suite.ts'

const COMMANDS_OF_A_SEED = 20_000

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1

/** Whether nothing differs from redis-server but what is known. */
function main(argv: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      logs: { type: 'string' },
      n: { type: 'string', default: String(COMMANDS_OF_A_SEED) },
      groups: { type: 'string', default: '' },
      resp3: { type: 'boolean', default: false },
      encoding: { type: 'boolean', default: false },
    },
  })
  const [what, ...rest] = positionals
  if (what !== 'fuzz') {
    const isSpawn = what === 'spawn'
    const mode = isSpawn ? 'spawn' : 'external'
    return runSuite({ mode, units: isSpawn ? rest : positionals, logFolder: values.logs, print })
  }
  return runFuzz({
    seeds: rest.length > 0 ? rest.map(toNumber) : [1],
    commands: toNumber(values.n),
    groups: values.groups.split(',').filter((name) => name !== ''),
    isResp3: values.resp3,
    hasEncodings: values.encoding,
    print,
  })
}

function toNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a number: ${text}`)
  return value
}
