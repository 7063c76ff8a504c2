import { nth } from '../../shared/assert.ts'
import {
  argumentBytes,
  type Procedure,
  type ProcedureArgument,
  type ProcedureDatabase,
  type ProcedureReply,
} from '../../store/index.ts'
import { ANNOUNCE_LUA, type Announcing, announce } from '../revocation/announce.ts'
import { VERSION_BYTES } from './session-seal.ts'
import {
  encodeUserSessions,
  readUserSessions,
  USER_SESSIONS_LUA,
  type UserSession,
} from './user-sessions.ts'

/** How many other sessions of the user ended for it, or that the token was revoked meanwhile. */
export type Creation = number | 'revoked'

/**
 * Keeps a session and puts it on its user's list; of too many the oldest end. Not for a token that was revoked since
 * it was looked up.
 *
 * Keys: the session, the log of revocations, the list, the denials of everyone, the user and the token (that of
 * everyone for one there is not). Arguments: the session's bytes and life; its id and its end for the list; how many
 * the list may have; the life of the list; when the token was issued; what comes before an id in a key; the log's id,
 * bytes and life.
 */
export const createSession: Procedure<Creation> = {
  name: 'create-session',
  lua: `${ANNOUNCE_LUA}${USER_SESSIONS_LUA}
    local issued = tonumber(ARGV[7])
    for at = 4, 5 do
      local instant = tonumber(redis.call('GET', KEYS[at]) or '-1')
      if instant >= issued then return -1 end
    end
    if KEYS[6] ~= KEYS[4] and redis.call('GET', KEYS[6]) then return -1 end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    local most = tonumber(ARGV[5])
    local entries = others(redis.call('GET', KEYS[3]) or '', ARGV[3], now)
    entries[#entries + 1] = ARGV[3] .. ARGV[4]
    local lines = {}
    while #entries > most do
      local oldest = string.sub(table.remove(entries, 1), 1, 22)
      redis.call('DEL', ARGV[8] .. oldest)
      lines[#lines + 1] = 's' .. oldest .. ' ' .. instantText(now)
    end
    redis.call('SET', KEYS[3], table.concat(entries), 'PX', ARGV[6])
    if #lines > 0 then announce(KEYS[2], lines, 0, ARGV[9], ARGV[10], ARGV[11]) end
    return #lines
  `,
  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): ProcedureReply {
    const [bytes, life, id, end, most, listLife, issued, prefix, ...log] = args
    if (isDenied(database, keys, Number(issued))) return -1
    database.set(nth(keys, 0), argumentBytes(bytes), Number(life))
    const list = nth(keys, 2)
    const session: UserSession = {
      id: argumentBytes(id).toString(),
      expiresAtMs: Number(argumentBytes(end).toString()),
    }
    const sessions = [...others(database, list, session.id), session]
    const ended = sessions.splice(0, Math.max(sessions.length - Number(most), 0))
    for (const { id: oldest } of ended) {
      database.delete(Buffer.from(`${argumentBytes(prefix).toString()}${oldest}`))
    }
    database.set(list, encodeUserSessions(sessions), Number(listLife))
    announceEnds(database, nth(keys, 1), ended, log)
    return ended.length
  },
  decode: (reply) => (reply === -1 ? 'revoked' : Number(reply)),
}

/**
 * Ends a session for good: what was read of it before can no longer be written. Keys: the session, the log of
 * revocations, the list of its user (the session itself when that is not known). Arguments: its id, the life of the list; the
 * log's id, bytes and life. False when there was no such session.
 */
export const endSession: Procedure<boolean> = {
  name: 'end-session',
  lua: `${ANNOUNCE_LUA}${USER_SESSIONS_LUA}
    local ended = redis.call('DEL', KEYS[1])
    announce(KEYS[2], { 's' .. ARGV[1] .. ' ' .. instantText(now) }, 0, ARGV[3], ARGV[4], ARGV[5])
    local list = redis.call('GET', KEYS[3])
    if list then
      local entries = others(list, ARGV[1], now)
      if #entries == 0 then
        redis.call('DEL', KEYS[3])
      else
        redis.call('SET', KEYS[3], table.concat(entries), 'PX', ARGV[2])
      end
    end
    return ended
  `,
  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    [idArgument, listLife, ...log]: readonly ProcedureArgument[],
  ): ProcedureReply {
    const id = argumentBytes(idArgument).toString()
    const list = nth(keys, 2)
    const isEnded = database.delete(nth(keys, 0))
    announceEnds(database, nth(keys, 1), [{ id }], log)
    if (database.get(list) !== undefined) {
      const sessions = others(database, list, id)
      if (sessions.length === 0) database.delete(list)
      else database.set(list, encodeUserSessions(sessions), Number(listLife))
    }
    return isEnded ? 1 : 0
  },
  decode: (reply) => reply === 1,
}

export const REPLACEMENTS = ['gone', 'changed', 'written'] as const

/**
 * Writes a session that was read as `version`, if it is still that one: never a session that has ended, and no
 * change is lost. Keys: the session, the log. Arguments: the version, the bytes, their life, the id to announce as
 * changed or nothing; the log's id, bytes and life.
 */
export const replaceSession: Procedure<(typeof REPLACEMENTS)[number]> = {
  name: 'replace-session',
  lua: `${ANNOUNCE_LUA}
    local session = redis.call('GET', KEYS[1])
    if not session then return 0 end
    if string.sub(session, 1, ${VERSION_BYTES}) ~= ARGV[1] then return 1 end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    if ARGV[4] ~= '' then
      announce(KEYS[2], { 'c' .. ARGV[4] .. ' ' .. instantText(now) }, 0, ARGV[5], ARGV[6], ARGV[7])
    end
    return 2
  `,
  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    [version, bytes, life, changed, ...log]: readonly ProcedureArgument[],
  ): ProcedureReply {
    const key = nth(keys, 0)
    const session = database.get(key)
    if (session === undefined) return 0
    if (!session.subarray(0, VERSION_BYTES).equals(argumentBytes(version))) return 1
    database.set(key, argumentBytes(bytes), Number(life))
    const id = argumentBytes(changed).toString()
    if (id !== '') {
      const lines = [`c${id} ${database.nowMs()}`]
      announce(database, nth(keys, 1), { lines, denials: 0 }, announcingOf(log))
    }
    return 2
  },
  decode: (reply) => REPLACEMENTS[Number(reply)] ?? 'gone',
}

function isDenied(database: ProcedureDatabase, keys: readonly Buffer[], issued: number): boolean {
  for (const key of keys.slice(3, 5)) {
    const instant = database.get(key)
    if (instant !== undefined && Number(instant.toString()) >= issued) return true
  }
  const [everyone, token] = [nth(keys, 3), nth(keys, 5)]
  return !token.equals(everyone) && database.get(token) !== undefined
}

function others(database: ProcedureDatabase, list: Buffer, id: string): UserSession[] {
  const sessions = readUserSessions(database.get(list))
  const nowMs = database.nowMs()
  return sessions.filter((session) => session.id !== id && session.expiresAtMs > nowMs)
}

function announceEnds(
  database: ProcedureDatabase,
  key: Buffer,
  ended: readonly Pick<UserSession, 'id'>[],
  log: readonly ProcedureArgument[],
): void {
  if (ended.length === 0) return
  const lines = ended.map(({ id }) => `s${id} ${database.nowMs()}`)
  announce(database, key, { lines, denials: 0 }, announcingOf(log))
}

function announcingOf([logId, bytesMax, lifeMs]: readonly ProcedureArgument[]): Announcing {
  return {
    logId: argumentBytes(logId).toString(),
    bytesMax: Number(bytesMax),
    lifeMs: Number(lifeMs),
  }
}
