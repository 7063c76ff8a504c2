import { nth } from '../../shared/assert.ts'
import {
  argumentBytes,
  type Procedure,
  type ProcedureArgument,
  type ProcedureDatabase,
  type ProcedureReply,
} from '../../store/index.ts'
import { ANNOUNCE_LUA, announce } from './announce.ts'

/**
 * Writes down that tokens are refused which were issued until an instant, and announces it, in one step. An instant
 * that is there already and later stays. Keys: the denial, the log. Arguments: the instant in milliseconds, or
 * nothing for now; how long the denial stays; its line without the instant; the log's id, bytes and life. Tells the
 * instant.
 */
export const denyTokens: Procedure<number> = {
  name: 'deny-tokens',
  lua: `${ANNOUNCE_LUA}
    local instant = now
    if ARGV[1] ~= '' then instant = tonumber(ARGV[1]) end
    local before = tonumber(redis.call('GET', KEYS[1]) or '0')
    if before > instant then instant = before end
    redis.call('SET', KEYS[1], instantText(instant), 'PX', ARGV[2])
    announce(KEYS[2], { ARGV[3] .. ' ' .. instantText(instant) }, 1, ARGV[4], ARGV[5], ARGV[6])
    return instant
  `,
  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    [wished, life, line, logId, bytesMax, logLife]: readonly ProcedureArgument[],
  ): ProcedureReply {
    const denial = nth(keys, 0)
    const wishedText = argumentBytes(wished).toString()
    const before = Number(database.get(denial)?.toString() ?? 0)
    const instant = Math.max(before, wishedText === '' ? database.nowMs() : Number(wishedText))
    database.set(denial, Buffer.from(`${instant}`), Number(life))
    announce(
      database,
      nth(keys, 1),
      { lines: [`${argumentBytes(line).toString()} ${instant}`], denials: 1 },
      {
        logId: argumentBytes(logId).toString(),
        bytesMax: Number(bytesMax),
        lifeMs: Number(logLife),
      },
    )
    return instant
  },
  decode: Number,
}
