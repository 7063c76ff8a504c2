#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { InvariantError } from '../shared/assert.ts'
import { nearestName } from '../shared/nearest-name.ts'
import type { Command, Host } from './command.ts'
import { UsageError } from './usage-error.ts'

interface CommandEntry {
  readonly name: string
  readonly summary: string
  /** Loaded when it is asked for: the engine needs nothing of the gateway. */
  readonly load: () => Promise<Command>
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'run the gateway in front of a demo Hasura, with commands to try',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  {
    name: 'serve',
    summary: 'run the gateway in front of a Hasura',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  {
    name: 'check',
    summary: 'say what serve would do: mistakes, what is cached, keyed by what, limited how',
    load: async () => (await import('./check.ts')).checkCommand,
  },
  {
    name: 'explain',
    summary: 'say what becomes of one request, and why it is a hit or a miss',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    name: 'triggers',
    summary: 'let Hasura tell the gateway of writes that go around it: install, remove, status',
    load: async () => (await import('./triggers.ts')).triggersCommand,
  },
  {
    name: 'engine',
    summary: 'run the embedded engine alone, as a server for Redis clients',
    load: async () => (await import('./engine.ts')).engineCommand,
  },
]

/** What still holds the process open this long after everything was stopped is left behind. */
const EXIT_DELAY_MS = 1_000

process.exitCode = await main(process.argv.slice(2), {
  environment: process.env,
  print: (text) => console.log(text),
  ...onStopSignals(),
})
setTimeout(() => process.exit(), EXIT_DELAY_MS).unref()

async function main(argv: readonly string[], host: Host): Promise<number> {
  const [name = '--help', ...rest] = argv
  const entry = COMMANDS.find((candidate) => candidate.name === name)
  try {
    if (name === '--version') return printed(host, version())
    if (name === '--help' || name === 'help') return printed(host, overview())
    if (entry === undefined) throw new UsageError(unknownCommand(name))
    const command = await entry.load()
    if (rest.includes('--help')) return printed(host, command.help)
    return await command.run(rest, host)
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`gerbang: ${error.message}\nSee gerbang ${entry ? `${name} ` : ''}--help.`)
      return 2
    }
    console.error('gerbang:', isMendable(error) ? error.message : error)
    return 1
  }
}

/** Failures of the world are told in plain words; our own mistakes with their stack. */
function isMendable(error: unknown): error is Error {
  const bugs = [InvariantError, TypeError, ReferenceError, RangeError]
  return error instanceof Error && !bugs.some((bug) => error instanceof bug)
}

/** The first signal asks to stop; the second does not ask. */
function onStopSignals(): Pick<Host, 'stopSignal' | 'takeSignals'> {
  const controller = new AbortController()
  let taken: Parameters<Host['takeSignals']>[0] | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (taken !== undefined) return taken(signal)
      if (controller.signal.aborted) process.exit(1)
      controller.abort(signal)
    })
  }
  return {
    stopSignal: controller.signal,
    takeSignals: (listener) => {
      taken = listener
    },
  }
}

function printed(host: Host, text: string): number {
  host.print(text)
  return 0
}

function overview(): string {
  const width = Math.max(...COMMANDS.map((entry) => entry.name.length))
  return [
    'Gerbang caches and limits GraphQL in front of Hasura.',
    '',
    'Usage: gerbang <command> [flags]',
    '',
    ...COMMANDS.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`),
    '',
    'gerbang <command> --help tells more; gerbang --version tells the version.',
  ].join('\n')
}

function unknownCommand(name: string): string {
  const names = COMMANDS.map((entry) => entry.name)
  const meant = nearestName(name, names)
  return `unknown command "${name}"${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isManifest ? String(manifest.version) : 'unknown'
}
