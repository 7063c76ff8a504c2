import {
  argumentBytes,
  type Procedure,
  type ProcedureArgument,
  type ProcedureDatabase,
  type ProcedureReply,
} from '../../store/index.ts'
import { STAMP_BYTES } from './cache-entry.ts'

/**
 * Gives `everything` a new stamp and writes down what was purged by it. Both or neither: a stamp without its
 * line in the history would empty the cache, a line without its stamp would purge nothing.
 *
 *     0  the stamp after the last purge
 *    16  the stamp before the first one
 *    32  purges, the oldest first: length of the text (16 bits, big-endian), the stamp after it, the text
 *
 * A history that does not end with the stamp of now is over: everything was purged since. When it grows beyond
 * `bytesMax` it forgets its oldest lines, and entries from before them are dead.
 *
 * Keys: the epoch, the history. Arguments: the new stamp in hexadecimal, the text, ttlMs, bytesMax.
 */
export const HISTORY_HEAD_BYTES = 2 * STAMP_BYTES
export const RECORD_HEAD_BYTES = 2 + STAMP_BYTES

export const appendPurge: Procedure<void> = {
  name: 'append-purge',
  lua: `
    local now = redis.call('GET', KEYS[1])
    local stamp = (string.gsub(ARGV[1], '%x%x', function(pair)
      return string.char(tonumber(pair, 16))
    end))
    local text = ARGV[2]
    redis.call('SET', KEYS[1], stamp, 'PX', ARGV[3])
    if not now or #now ~= 16 then
      redis.call('DEL', KEYS[2])
      return 0
    end
    local history = redis.call('GET', KEYS[2])
    local base, records = now, ''
    if history and string.sub(history, 1, 16) == now then
      base, records = string.sub(history, 17, 32), string.sub(history, 33)
    end
    local length = string.char(math.floor(#text / 256), #text % 256)
    records = records .. length .. stamp .. text
    local cut = 0
    while #records - cut > tonumber(ARGV[4]) - 32 do
      local high, low = string.byte(records, cut + 1, cut + 2)
      base = string.sub(records, cut + 3, cut + 18)
      cut = cut + 18 + high * 256 + low
    end
    redis.call('SET', KEYS[2], stamp .. base .. string.sub(records, cut + 1), 'PX', ARGV[3])
    return 1
  `,
  run(
    database: ProcedureDatabase,
    [epoch = NO_BYTES, history = NO_BYTES]: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): ProcedureReply {
    const [stampText, text, ttl, bytesMax] = args
    const stamp = Buffer.from(argumentBytes(stampText).toString('latin1'), 'hex')
    const ttlMs = Number(ttl)
    const view = database.get(epoch)
    const now = view && Buffer.from(view)
    database.set(epoch, stamp, ttlMs)
    if (now?.length !== STAMP_BYTES) {
      database.delete(history)
      return 0
    }
    const known = database.get(history)
    const isOn = known?.subarray(0, STAMP_BYTES).equals(now) === true
    const head = isOn ? known.subarray(STAMP_BYTES, HISTORY_HEAD_BYTES) : now
    const past = isOn ? known.subarray(HISTORY_HEAD_BYTES) : NO_BYTES
    const records = Buffer.concat([past, recordOf(stamp, argumentBytes(text))])
    const { cut, base } = cutTo(records, Number(bytesMax) - HISTORY_HEAD_BYTES, Buffer.from(head))
    database.set(history, Buffer.concat([stamp, base, records.subarray(cut)]), ttlMs)
    return 1
  },
  decode() {},
}

const NO_BYTES = Buffer.alloc(0)

function recordOf(stamp: Buffer, text: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([length, stamp, text])
}

/** Where the records begin that fit, and the stamp before them. */
function cutTo(
  records: Buffer,
  bytesMax: number,
  first: Buffer,
): { readonly cut: number; readonly base: Buffer } {
  let cut = 0
  let base = first
  while (records.length - cut > bytesMax) {
    const length = records.readUInt16BE(cut)
    base = records.subarray(cut + 2, cut + RECORD_HEAD_BYTES)
    cut += RECORD_HEAD_BYTES + length
  }
  return { cut, base }
}
