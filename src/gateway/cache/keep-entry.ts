import { nth } from '../../shared/assert.ts'
import { argumentBytes, type Procedure } from '../../store/index.ts'
import { ENTRY_LAYOUT, HEAD_AT, isOvertaken } from './cache-entry.ts'

const { VERSION, STORED_AT, FETCH_AT, STAMPS_AT } = ENTRY_LAYOUT

/**
 * What is kept under a key, and what of it is kept compressed, change in one step: whoever finds a variant has
 * found the entry of that moment in another encoding, whatever other gateways do meanwhile.
 */

/**
 * Keeps an entry, and with it no variant of the one before; tells whether it did. Not when another fetch, begun
 * while this one was under way, has brought an answer already: who was served that one is not to be served an
 * older one after it. Keys: the entry, its variants. Arguments: bytes, life.
 *
 * By the clocks of the gateways: when they differ, an entry of this very moment may win over another.
 */
export const keepEntry: Procedure<boolean> = {
  name: 'keep-entry',
  // In this order: Redis looks at its memory before the first write of a script only.
  lua: `
    local function times(bytes)
      return struct.unpack('<d', bytes, ${STORED_AT + 1}), struct.unpack('<f', bytes, ${FETCH_AT + 1})
    end
    local there = redis.call('GETRANGE', KEYS[1], 0, ${STAMPS_AT - 1})
    if #there == ${STAMPS_AT} and string.byte(there) == ${VERSION} then
      local storedAt, took = times(ARGV[1])
      local thereAt, thereTook = times(there)
      if thereAt <= storedAt and thereAt - thereTook > storedAt - took then return 0 end
    end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    for index = 2, #KEYS do redis.call('DEL', KEYS[index]) end
    return 1
  `,
  run(database, keys, [entry, lifeMs]) {
    const bytes = argumentBytes(entry)
    const there = database.get(nth(keys, 0))
    if (there !== undefined && isOvertaken(bytes, there)) return 0
    database.set(nth(keys, 0), bytes, Number(lifeMs))
    for (const variant of keys.slice(1)) database.delete(variant)
    return 1
  },
  decode: (reply) => reply === 1,
}

/**
 * Keeps a variant beside the entry it was made of; tells whether that is still there. Keys: the entry, the
 * variant. Arguments: the entry's head, the variant's bytes, its life.
 */
export const keepVariant: Procedure<boolean> = {
  name: 'keep-variant',
  lua: `
    local head = redis.call('GETRANGE', KEYS[1], ${HEAD_AT}, ${HEAD_AT} + #ARGV[1] - 1)
    if head ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
    return 1
  `,
  run(database, keys, [headArgument, bytes, lifeMs]) {
    const head = argumentBytes(headArgument)
    const entry = database.get(nth(keys, 0))
    const isThere = entry?.subarray(HEAD_AT, HEAD_AT + head.length).equals(head) === true
    if (!isThere) return 0
    database.set(nth(keys, 1), argumentBytes(bytes), Number(lifeMs))
    return 1
  },
  decode: (reply) => reply === 1,
}
