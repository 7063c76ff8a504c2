import { appendFileSync } from 'node:fs'
import { destination } from 'pino'
import {
  type AdjustableLogger,
  createEntryLogger,
  createLogger,
  type LogEntry,
} from '../shared/create-logger.ts'

export const LOG_FORMATS = ['redis', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

const STANDARD_OUTPUT = 1
/** redis.conf's levels in ours: there is one that stands for both of its lowest. */
const LEVELS: Readonly<Record<string, string>> = {
  debug: 'debug',
  verbose: 'debug',
  notice: 'info',
  warning: 'warn',
}
const INFO = 30
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
/** What would begin a line of its own, or command a terminal. */
const CONTROL_CHARACTERS = /\p{Cc}/gu

export interface EngineLogOptions {
  readonly format: LogFormat
  /** `loglevel`. */
  readonly level: string
  /** `logfile`; empty for standard output, or with JSON for standard error. */
  readonly file: string
  readonly isReplica: () => boolean
}

export interface EngineLog {
  readonly log: AdjustableLogger
  /** `loglevel` has changed. */
  readonly setLevel: (level: string) => void
}

/** The log of `gerbang engine`: lines as redis-server's, for those who know where to look in them, or JSON. */
export function createEngineLog({ format, level, file, isReplica }: EngineLogOptions): EngineLog {
  const append = file === '' ? standardOutput() : fileAppender(file)
  const write = (entry: LogEntry): void =>
    append(`${formatLine(entry, { processId: process.pid, isReplica: isReplica() })}\n`)
  const ours = toLevel(level)
  const log =
    format === 'redis'
      ? createEntryLogger(ours, write)
      : createLogger({ level: ours, ...(file === '' ? {} : { file }) })
  return {
    log,
    setLevel: (name) => {
      log.level = toLevel(name)
    },
  }
}

function toLevel(name: string): string {
  return LEVELS[name.toLowerCase()] ?? 'info'
}

export interface LineContext {
  readonly processId: number
  readonly isReplica: boolean
  /** The system's time without it. */
  readonly now?: Date
}

/** `pid:role date mark message`, without its end. Fields follow the message, a failure behind a colon. */
export function formatLine(
  { level, message, fields }: LogEntry,
  { processId, isReplica, now = new Date() }: LineContext,
): string {
  const mark = level < INFO ? '-' : level === INFO ? '*' : '#'
  const { err: error, ...others } = fields
  const told = Object.entries(others).map(([name, value]) => `${name}=${String(value)}`)
  const reason = error instanceof Error ? `: ${error.message}` : ''
  const text = `${message}${reason}${told.length > 0 ? ` (${told.join(', ')})` : ''}`
  const line = text.replaceAll(CONTROL_CHARACTERS, ' ')
  return `${processId}:${isReplica ? 'S' : 'M'} ${formatTime(now)} ${mark} ${line}`
}

/** As Redis: `25 Nov 2026 22:11:29.123`, in local time. */
function formatTime(now: Date): string {
  const day = two(now.getDate())
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':')
  const ms = String(now.getMilliseconds()).padStart(3, '0')
  return `${day} ${MONTHS[now.getMonth()] ?? ''} ${now.getFullYear()} ${time}.${ms}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

type Append = (line: string) => void

/** Waits while a pipe is full. Who has closed it reads no more, which is no reason to end. */
function standardOutput(): Append {
  const output = destination({ dest: STANDARD_OUTPUT, sync: true })
  output.on('error', () => undefined)
  return (line) => output.write(line)
}

/**
 * The file is opened for each line, as redis-server does: who rotates logs moves it away and need not tell. A line that
 * a full disk does not take is lost.
 */
function fileAppender(file: string): Append {
  return (line) => {
    try {
      appendFileSync(file, line)
    } catch {
      // There is nowhere else to tell.
    }
  }
}
