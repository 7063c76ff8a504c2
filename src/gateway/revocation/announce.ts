import type { ProcedureDatabase } from '../../store/index.ts'
import { REVOCATION_LETTERS, type Revocation, type RevocationKind } from './revocation.ts'

/**
 * The log of revocations, one value of the store that every gateway reads twice a second:
 *
 *     <id> <sequence> <denials>\n              of this log, of its last line, and how many of all lines deny tokens
 *     <sequence> <letter><value> <instant>\n   the oldest first
 *
 * It is bounded: whoever finds that it has forgotten lines they have not read forgets all that could be concerned.
 */
export const REVOCATIONS_BYTES_MAX = 32_768

/** What every procedure that writes the log is told. */
export interface Announcing {
  /** Hexadecimal; of the log, in case there is none yet. */
  readonly logId: string
  readonly bytesMax: number
  /** As long as the longest denial: without a log nobody looks for denials. */
  readonly lifeMs: number
}

/** Defines `announce(key, lines, denials, id, bytesMax, life)` and `now`, for the Lua bodies of procedures. */
export const ANNOUNCE_LUA = `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local function instantText(instant) return string.format('%.0f', instant) end
    local function announce(key, lines, denials, id, bytesMax, life)
      local log = redis.call('GET', key)
      local known, sequence, denied, body
      if log then known, sequence, denied, body = string.match(log, '^(%x+) (%d+) (%d+)\\n(.*)$') end
      if not known then known, sequence, denied, body = id, 0, 0, '' end
      for _, line in ipairs(lines) do
        sequence = sequence + 1
        body = body .. instantText(sequence) .. ' ' .. line .. '\\n'
      end
      while #body > tonumber(bytesMax) do
        body = string.sub(body, string.find(body, '\\n', 1, true) + 1)
      end
      local head = known .. ' ' .. instantText(sequence) .. ' ' .. instantText(denied + denials)
      redis.call('SET', key, head .. '\\n' .. body, 'PX', life)
    end
`

const LOG = /^([\da-f]+) (\d+) (\d+)\n([^]*)$/

/** The same for the native bodies. */
export function announce(
  database: ProcedureDatabase,
  key: Buffer,
  announced: { readonly lines: readonly string[]; readonly denials: number },
  { logId, bytesMax, lifeMs }: Announcing,
): void {
  const text = database.get(key)?.toString('latin1')
  const [, known = logId, last = '0', denied = '0', past = ''] = LOG.exec(text ?? '') ?? []
  let sequence = Number(last)
  let body = past
  for (const line of announced.lines) {
    sequence += 1
    body += `${sequence} ${line}\n`
  }
  while (body.length > bytesMax) body = body.slice(body.indexOf('\n') + 1)
  const head = `${known} ${sequence} ${Number(denied) + announced.denials}`
  database.set(key, Buffer.from(`${head}\n${body}`, 'latin1'), lifeMs)
}

export interface RevocationLog {
  readonly id: string
  /** Of the last line there was. */
  readonly sequence: number
  readonly denials: number
  /** Those that are still in it. */
  readonly lines: readonly (readonly [sequence: number, revocation: Revocation])[]
}

/** `undefined` for bytes that are no log. */
export function parseRevocationLog(bytes: Buffer): RevocationLog | undefined {
  const match = LOG.exec(bytes.toString('latin1'))
  if (match === null) return undefined
  const [, id = '', sequence, denials, body = ''] = match
  const lines = body.split('\n').flatMap((line) => {
    const [number = '', named = '', instant = ''] = line.split(' ')
    const kind = kindOf(named.charAt(0))
    if (kind === undefined) return []
    return [[Number(number), { kind, value: named.slice(1), atMs: Number(instant) }] as const]
  })
  return { id, sequence: Number(sequence), denials: Number(denials), lines }
}

function kindOf(letter: string): RevocationKind | undefined {
  const kinds: Readonly<Record<string, RevocationKind>> = REVOCATION_LETTERS
  return kinds[letter]
}
