import { nth } from '../../shared/assert.ts'
import {
  argumentBytes,
  type Procedure,
  type ProcedureArgument,
  type ProcedureDatabase,
  type ProcedureReply,
} from '../../store/index.ts'

/**
 * One fetch per key for all gateways of a store. The value under the key of a lock is one of
 *
 *     h<token>  held: the gateway that knows the token fetches
 *     f         the fetch has ended, and its answer is kept
 *     u         the fetch has ended, and there is nothing to wait for
 *
 * and each has its own life. The two marks stay behind for a moment: they tell those who look every few
 * milliseconds how the fetch ended, and one whose look-up was just before the fill that it need not fetch.
 */
export const LOCK_STATES = ['held', 'taken', 'filled', 'unkept'] as const
export type LockState = (typeof LOCK_STATES)[number]

const HELD = 'h'
const FILLED = 'f'
const UNKEPT = 'u'

/** Takes the lock, or tells why not. Keys: the lock. Arguments: a token, how long the lock is held at most. */
export const takeFillLock: Procedure<LockState> = {
  name: 'take-fill-lock',
  lua: `
    local value = redis.call('GET', KEYS[1])
    if not value then
      redis.call('SET', KEYS[1], 'h' .. ARGV[1], 'PX', ARGV[2])
      return 1
    end
    if value == 'f' then return 2 end
    if value == 'u' then return 3 end
    return 0
  `,
  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    [token, holdMs]: readonly ProcedureArgument[],
  ): ProcedureReply {
    const key = nth(keys, 0)
    const value = database.get(key)?.toString('latin1')
    if (value === undefined) {
      database.set(key, heldBy(token), Number(holdMs))
      return 1
    }
    if (value === FILLED) return 2
    return value === UNKEPT ? 3 : 0
  },
  decode: (reply) => LOCK_STATES[Number(reply)] ?? 'held',
}

/**
 * Ends the fetch of who holds the lock, and of nobody else: it may have expired, and be another's by now. Keys:
 * the lock. Arguments: the token, the mark, how long the mark stays. Tells whether the lock was still held.
 */
export const endFillLock: Procedure<boolean> = {
  name: 'end-fill-lock',
  lua: `
    if redis.call('GET', KEYS[1]) ~= 'h' .. ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 1
  `,
  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    [token, mark, markMs]: readonly ProcedureArgument[],
  ): ProcedureReply {
    const key = nth(keys, 0)
    if (database.get(key)?.equals(heldBy(token)) !== true) return 0
    database.set(key, argumentBytes(mark), Number(markMs))
    return 1
  },
  decode: (reply) => reply === 1,
}

function heldBy(token: ProcedureArgument | undefined): Buffer {
  return Buffer.concat([Buffer.from(HELD), argumentBytes(token)])
}

/** The mark of a fetch that has ended. */
export function endMark(isKept: boolean): string {
  return isKept ? FILLED : UNKEPT
}
