import { SESSION_ID_LENGTH } from './session-tokens.ts'

/** A line of the list of a user's sessions. */
export interface UserSession {
  readonly id: string
  readonly expiresAtMs: number
}

/** Milliseconds since the epoch until the year 5138, so that all lines have one length. */
const INSTANT_LENGTH = 14
const LINE_LENGTH = SESSION_ID_LENGTH + INSTANT_LENGTH

/** Defines `others(list, id, now)`: the lines of a list without a session, and without those that are over. */
export const USER_SESSIONS_LUA = `
    local function others(list, id, now)
      local lines = {}
      for at = 1, #list, ${LINE_LENGTH} do
        local line = string.sub(list, at, at + ${LINE_LENGTH - 1})
        local ends = tonumber(string.sub(line, ${SESSION_ID_LENGTH + 1}))
        if string.sub(line, 1, ${SESSION_ID_LENGTH}) ~= id and ends > now then
          lines[#lines + 1] = line
        end
      end
      return lines
    end
`

/** The oldest first. */
export function readUserSessions(list: Buffer | undefined): readonly UserSession[] {
  const text = list?.toString('latin1') ?? ''
  const sessions: UserSession[] = []
  for (let at = 0; at + LINE_LENGTH <= text.length; at += LINE_LENGTH) {
    const instantAt = at + SESSION_ID_LENGTH
    sessions.push({
      id: text.slice(at, instantAt),
      expiresAtMs: Number(text.slice(instantAt, at + LINE_LENGTH)),
    })
  }
  return sessions
}

export function encodeUserSessions(sessions: readonly UserSession[]): Buffer {
  return Buffer.from(
    sessions.map(({ id, expiresAtMs }) => `${id}${instantText(expiresAtMs)}`).join(''),
  )
}

/** As a line ends. */
export function instantText(instantMs: number): string {
  return `${Math.floor(instantMs)}`.padStart(INSTANT_LENGTH, '0')
}
