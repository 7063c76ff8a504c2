import { manageTriggers, type TriggerLine, type TriggersOrder } from '../app/index.ts'
import { type Config, loadConfig } from '../config/index.ts'
import type { Command } from './command.ts'
import { configFlags, configSources } from './config-flags.ts'
import { describeFlags, type FlagSpec, parseFlags } from './flags.ts'
import { UsageError } from './usage-error.ts'

const FLAGS: readonly FlagSpec[] = [
  {
    name: 'gateway-url',
    value: 'URL',
    doc: 'The gateway, as Hasura reaches it; {{NAME}} in it is a variable of Hasura’s. Needed to install.',
  },
  {
    name: 'secret-env',
    value: 'NAME',
    doc: 'Variable of Hasura’s that holds events.secret. Without it the secret itself goes into the metadata.',
  },
  { name: 'source', value: 'NAME', doc: 'Only this one of Hasura’s sources.' },
  { name: 'dry-run', doc: 'Print what would be done, and do nothing.' },
]

const ACTIONS = ['install', 'remove', 'status'] as const

export const triggersCommand: Command = {
  help: [
    'Usage: gerbang triggers install|remove|status [flags]',
    '',
    'An event trigger on each table that Hasura tracks tells the gateway of writes that do not pass through it:',
    'of other programs, of cron jobs, of psql. install creates what is missing and replaces what is outdated,',
    'remove takes away what it created, status changes nothing. Triggers of others are left alone. Exit code 1',
    'when a table is left without its trigger that could have one.',
    '',
    describeFlags([...FLAGS, ...configFlags()]),
  ].join('\n'),

  async run([actionName, ...argv], host) {
    const action = ACTIONS.find((known) => known === actionName)
    if (action === undefined) throw new UsageError(`one of ${ACTIONS.join(', ')} comes first`)
    const flags = parseFlags(argv, [...FLAGS, ...configFlags()])
    const own = new Set(FLAGS.map(({ name }) => name))
    const rest = new Map([...flags].filter(([name]) => !own.has(name)))
    const config = loadConfig(configSources(rest, host.environment))
    const order: TriggersOrder = {
      action,
      target: targetOf(flags, config),
      source: flags.get('source'),
      isDryRun: flags.has('dry-run'),
    }
    if (action === 'install') requireTarget(order.target)
    const lines = await manageTriggers(config, order, host.stopSignal)
    host.print(renderLines(lines, order))
    return lines.some(({ state }) => LACKING.has(state)) ? 1 : 0
  },
}

const LACKING: ReadonlySet<TriggerLine['state']> = new Set(['missing', 'outdated', 'failed'])

function targetOf(flags: ReadonlyMap<string, string>, { events }: Config): TriggersOrder['target'] {
  const gatewayUrl = flags.get('gateway-url')?.replace(/\/+$/, '')
  const variable = flags.get('secret-env')
  return {
    ...(gatewayUrl !== undefined && { url: `${gatewayUrl}${events.path}` }),
    ...(events.secret !== undefined && { secret: { value: events.secret } }),
    ...(variable !== undefined && { secret: { value_from_env: variable } }),
  }
}

function requireTarget({ url, secret }: TriggersOrder['target']): void {
  if (url === undefined) {
    throw new UsageError('install needs --gateway-url: where Hasura reaches the gateway')
  }
  if (secret === undefined) {
    throw new UsageError('install needs events.secret (GERBANG_EVENTS_SECRET) or --secret-env')
  }
}

function renderLines(lines: readonly TriggerLine[], { isDryRun, action }: TriggersOrder): string {
  const rows = lines.map(({ source, table, trigger, state, reason }) => [
    isDryRun && action !== 'status' ? `would be ${state}` : state,
    `${source}: ${table}`,
    [trigger, reason].filter((part) => part !== undefined).join('  '),
  ])
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
  const text = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const count = lines.filter(({ trigger }) => trigger !== undefined).length
  const without = lines.length - count
  const tail = without === 0 ? '' : `, ${without} tables that cannot have one`
  return [...text, `${count} triggers${tail}${isDryRun ? '; nothing was changed' : ''}`].join('\n')
}
