import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { explainByAdmin, explainDirectly } from '../app/index.ts'
import { loadConfig } from '../config/index.ts'
import { createLogger } from '../shared/create-logger.ts'
import type { Command } from './command.ts'
import { configFlags, configSources } from './config-flags.ts'
import { renderExplanation } from './explain-report.ts'
import { describeFlags, type FlagSpec, parseFlags, repeatedValues } from './flags.ts'
import { UsageError } from './usage-error.ts'

const FLAGS: readonly FlagSpec[] = [
  { name: 'query', value: 'FILE', doc: 'The GraphQL document; standard input without it.' },
  {
    name: 'batch',
    value: 'FILE',
    doc: 'A batch instead, as a client sends it: a list in JSON. Each of its requests is explained.',
  },
  { name: 'variables', value: 'JSON', doc: 'Its variables; @FILE reads them from a file.' },
  { name: 'operation', value: 'NAME', doc: 'The operation, when the document has several.' },
  { name: 'role', value: 'ROLE', doc: 'Who asks. Without it, the headers tell, as for a client.' },
  {
    name: 'session',
    value: 'KEY=VALUE',
    isRepeatable: true,
    doc: 'A session variable of who asks, with or without x-hasura-; may be given several times.',
  },
  {
    name: 'header',
    value: 'NAME=VALUE',
    isRepeatable: true,
    doc: 'A header of the request, such as Authorization; may be given several times.',
  },
  { name: 'address', value: 'IP', doc: 'Of the client, for limits by address.' },
  {
    name: 'admin-url',
    value: 'URL',
    doc: 'The admin listener of the gateway that is asked. Without it, Hasura is asked for its metadata.',
  },
  { name: 'json', doc: 'Print what POST /explain answers.' },
]

export const explainCommand: Command = {
  help: [
    'Usage: gerbang explain [flags] < query.graphql',
    '',
    'Says what becomes of one request, or of each in a batch, and why: the tables it is read from, the session variables in its key,',
    'how long its answer is kept, which limits count it, and whether it would be a hit, with the reason. Sends',
    'nothing to Hasura but the question for its metadata, and changes nothing.',
    '',
    describeFlags([...FLAGS, ...configFlags()]),
  ].join('\n'),

  async run(argv, host) {
    const flags = parseFlags(argv, [...FLAGS, ...configFlags()])
    const own = new Set(FLAGS.map(({ name }) => name))
    const rest = new Map([...flags].filter(([name]) => !own.has(name)))
    const config = loadConfig(configSources(rest, host.environment))
    const order = Buffer.from(await orderText(flags))
    const options = { log: createLogger({ level: 'silent' }), signal: host.stopSignal }
    const adminUrl = flags.get('admin-url')?.replace(/\/+$/, '')
    const explanation =
      adminUrl === undefined
        ? await explainDirectly(config, order, options)
        : await explainByAdmin(config, order, adminUrl, options)
    const isJson = flags.has('json')
    host.print(isJson ? JSON.stringify(explanation, null, 2) : renderExplanation(explanation))
    return 0
  },
}

/** The variables as they were written: numbers keep their text. */
async function orderText(flags: ReadonlyMap<string, string>): Promise<string> {
  const batch = readBatch(flags)
  const file = flags.get('query')
  const session = pairs(flags, 'session').map(([name, value]) => [variableName(name), value])
  const order = {
    query: batch === undefined ? await readQuery(file) : undefined,
    operationName: flags.get('operation'),
    role: flags.get('role'),
    session: session.length === 0 ? undefined : Object.fromEntries(session),
    headers: Object.fromEntries(pairs(flags, 'header')),
    address: flags.get('address'),
  }
  const variables = readVariables(flags.get('variables'))
  const members = JSON.stringify(order).slice(0, -1)
  if (batch !== undefined) return `${members},"batch":${batch}}`
  return variables === undefined ? `${members}}` : `${members},"variables":${variables}}`
}

async function readQuery(file: string | undefined): Promise<string> {
  return file === undefined ? await text(process.stdin) : readFile(file, '--query')
}

const OF_ONE_REQUEST = ['query', 'variables', 'operation']

function readBatch(flags: ReadonlyMap<string, string>): string | undefined {
  const file = flags.get('batch')
  if (file === undefined) return undefined
  const beside = OF_ONE_REQUEST.find((name) => flags.has(name))
  if (beside !== undefined)
    throw new UsageError(`--${beside} is of one request, --batch of several`)
  return readJson(readFile(file, '--batch'), '--batch')
}

function readVariables(given: string | undefined): string | undefined {
  const variables = given?.startsWith('@') ? readFile(given.slice(1), '--variables') : given
  return variables === undefined ? undefined : readJson(variables, '--variables')
}

/** As it was written. */
function readJson(written: string, flag: string): string {
  try {
    JSON.parse(written)
    return written
  } catch {
    throw new UsageError(`${flag} is no JSON`)
  }
}

function readFile(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${flag} ${path} cannot be read: ${reason}`)
  }
}

function pairs(
  flags: ReadonlyMap<string, string>,
  flag: string,
): readonly (readonly [name: string, value: string])[] {
  return repeatedValues(flags.get(flag)).map((pair) => {
    const at = pair.indexOf('=')
    if (at <= 0) throw new UsageError(`--${flag} ${pair}: expected NAME=VALUE`)
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
}

function variableName(name: string): string {
  return /^x-hasura-/i.test(name) ? name : `x-hasura-${name}`
}
