import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { IS_COUNTED } from './error-table.ts'
import { LUA_TYPE, type Slot } from './lua-values.ts'
import { type LuaVm } from './lua-vm.ts'

/** What Redis' recursion finds room for on Lua's stack, with two values already there. */
const STACK_SLOTS_MAX = 8_000 - 4 - 2
const INT64_BOUND = 2 ** 63
const INT64_MIN = -(2n ** 63n)
const LINE_BREAK = /[\r\n]/g

type Kind = 'array' | 'map' | 'set'

interface Level {
  readonly kind: Kind
  readonly table: number
  /** The index, or the place in array and nodes, that comes next. */
  next: number
  /** A map's value is due. */
  isValue: boolean
  /** Slots that Redis' recursion would have taken. */
  readonly depth: number
}

/** Writes what a script returned (script_lua.c, luaReplyToRedisReply). The script's own protocol reads booleans. */
export class ScriptReply {
  /** The error among what was written last was counted when the command failed. */
  hasCountedError = false
  readonly #vm: LuaVm
  readonly #levels: Level[] = []

  constructor(vm: LuaVm) {
    this.#vm = vm
  }

  write(slot: Slot, protocol: 2 | 3, reply: ReplyWriter): void {
    this.#levels.length = 0
    this.hasCountedError = false
    this.#writeValue({ slot, depth: 0 }, protocol, reply)
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const value = this.#nextOf(level)
      if (value === undefined) this.#levels.pop()
      else this.#writeValue(value, protocol, reply)
    }
  }

  #writeValue(
    { slot, depth }: { readonly slot: Slot; readonly depth: number },
    protocol: 2 | 3,
    reply: ReplyWriter,
  ): void {
    const vm = this.#vm
    if (depth > STACK_SLOTS_MAX) return reply.error('ERR reached lua stack limit')
    switch (vm.values.typeOf(slot)) {
      case LUA_TYPE.string:
        return reply.bulk(
          vm.values.bytes,
          vm.values.stringStart(slot),
          vm.values.stringLength(slot),
        )
      case LUA_TYPE.number:
        return reply.integer(toInt64(vm.values.numberAt(slot)))
      case LUA_TYPE.boolean:
        if (protocol === 3) return reply.boolean(vm.values.booleanAt(slot))
        return vm.values.booleanAt(slot) ? reply.integer(1) : reply.null()
      case LUA_TYPE.table:
        return this.#writeTable(vm.values.objectAt(slot), depth, reply)
      default:
        return reply.null()
    }
  }

  #writeTable(table: number, depth: number, reply: ReplyWriter): void {
    const vm = this.#vm
    if (vm.values.hasFields(table) && this.#writeTagged(table, depth, reply)) return
    let count = 0
    while (isValue(vm, vm.values.index(table, count + 1))) count += 1
    reply.array(count)
    if (count > 0) this.#open('array', table, depth)
  }

  /** A table whose one field says what it is; false when it is an array. */
  #writeTagged(table: number, depth: number, reply: ReplyWriter): boolean {
    const vm = this.#vm
    const error = this.#field(table, 'err', LUA_TYPE.string)
    if (error !== 0) {
      reply.error(cText(vm.values.latin1At(error)))
      this.hasCountedError = isCounted(vm, table)
      return true
    }
    const ok = this.#field(table, 'ok', LUA_TYPE.string)
    if (ok !== 0) {
      reply.simple(cText(vm.values.latin1At(ok)).replace(LINE_BREAK, ' '))
      return true
    }
    const double = this.#field(table, 'double', LUA_TYPE.number)
    if (double !== 0) {
      reply.double(vm.values.numberAt(double))
      return true
    }
    const bigNumber = this.#field(table, 'big_number', LUA_TYPE.string)
    if (bigNumber !== 0) {
      reply.bigNumber(vm.values.latin1At(bigNumber).replace(LINE_BREAK, ' '))
      return true
    }
    return this.#writeVerbatim(table, reply) || this.#writeCollection(table, depth, reply)
  }

  #writeVerbatim(table: number, reply: ReplyWriter): boolean {
    const vm = this.#vm
    const verbatim = this.#field(table, 'verbatim_string', LUA_TYPE.table)
    if (verbatim === 0) return false
    const parts = vm.values.objectAt(verbatim)
    const format = this.#field(parts, 'format', LUA_TYPE.string)
    const text = this.#field(parts, 'string', LUA_TYPE.string)
    if (format === 0 || text === 0) return false
    const shown = vm.values.latin1At(format).slice(0, 3)
    reply.verbatimBulk(
      shown,
      vm.values.bytes,
      vm.values.stringStart(text),
      vm.values.stringLength(text),
    )
    return true
  }

  #writeCollection(table: number, depth: number, reply: ReplyWriter): boolean {
    const vm = this.#vm
    const map = this.#field(table, 'map', LUA_TYPE.table)
    const found = map !== 0 ? map : this.#field(table, 'set', LUA_TYPE.table)
    if (found === 0) return false
    const content = vm.values.objectAt(found)
    const count = vm.values.countPairs(content)
    if (map !== 0) reply.map(count)
    else reply.set(count)
    if (count > 0) this.#open(map !== 0 ? 'map' : 'set', content, depth)
    return true
  }

  #field(table: number, name: string, type: number): Slot {
    const vm = this.#vm
    const slot = vm.values.field(table, vm.word(name))
    return slot !== 0 && vm.values.typeOf(slot) === type ? slot : 0
  }

  #open(kind: Kind, table: number, depth: number): void {
    this.#levels.push({ kind, table, next: kind === 'array' ? 1 : 0, isValue: false, depth })
  }

  #nextOf(level: Level): { slot: Slot; depth: number } | undefined {
    const vm = this.#vm
    if (level.kind === 'array') {
      const slot = vm.values.index(level.table, level.next)
      level.next += 1
      return isValue(vm, slot) ? { slot, depth: level.depth + 1 } : undefined
    }
    if (level.isValue) {
      level.isValue = false
      const slot = vm.values.valueOf(level.table, level.next)
      level.next += 1
      return { slot, depth: level.depth + 3 }
    }
    level.next = vm.values.nextPair(level.table, level.next)
    if (level.next < 0) return undefined
    const slot = vm.values.keyOf(level.table, level.next)
    if (level.kind === 'map') level.isValue = true
    else level.next += 1
    return { slot, depth: level.depth + (level.kind === 'map' ? 4 : 3) }
  }
}

/** Whether the error that a table is came from a command, which counted it. */
export function isCounted(vm: LuaVm, table: number): boolean {
  const mark = vm.values.field(table, vm.word(IS_COUNTED))
  return mark !== 0 && vm.values.booleanAt(mark)
}

function isValue(vm: LuaVm, slot: Slot): boolean {
  return slot !== 0 && vm.values.typeOf(slot) !== LUA_TYPE.nil
}

/** As C reads a string: up to the first zero byte. */
function cText(text: string): string {
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

/** C's cast of a double to a 64-bit integer; what does not fit becomes the smallest. */
function toInt64(value: number): number | bigint {
  if (Number.isSafeInteger(value)) return value + 0
  if (!(value > -INT64_BOUND && value < INT64_BOUND)) return INT64_MIN
  const whole = Math.trunc(value)
  return Number.isSafeInteger(whole) ? whole + 0 : BigInt(whole)
}
