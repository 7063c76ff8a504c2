import { nth } from '../../shared/assert.ts'
import { LUA_TYPE } from './lua-values.ts'
import { type LuaVm } from './lua-vm.ts'

const TYPE_NAMES = [
  'nil',
  'boolean',
  'userdata',
  'number',
  'string',
  'table',
  'function',
  'userdata',
  'thread',
]
const HEX = /^\s*[-+]?0x/i

/** The checks of lauxlib.c, with their errors: those do not return. Strings that read as numbers are numbers. */
export function checkNumber(vm: LuaVm, index: number): number {
  const value = numberOf(vm, index)
  if (value === undefined) return failType(vm, index, 'number')
  return value
}

/** Cut to an integer, as C casts. */
export function checkInteger(vm: LuaVm, index: number): number {
  return Math.trunc(checkNumber(vm, index)) | 0
}

/** After it the argument is a string; a number becomes one. */
export function checkString(vm: LuaVm, index: number): void {
  const type = vm.argumentType(index)
  if (type === LUA_TYPE.string) return
  if (type === LUA_TYPE.number) vm.toStringInPlace(index)
  else failType(vm, index, 'string')
}

export function checkTable(vm: LuaVm, index: number): void {
  if (vm.argumentType(index) !== LUA_TYPE.table) failType(vm, index, 'table')
}

/** A number, or a string that reads as one. */
export function numberOf(vm: LuaVm, index: number): number | undefined {
  const type = vm.argumentType(index)
  if (type === LUA_TYPE.number) return vm.values.numberAt(vm.argument(index))
  if (type !== LUA_TYPE.string) return undefined
  return parseNumber(vm.values.latin1At(vm.argument(index)))
}

/** What C's strtod reads as a whole, spaces around it or not. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (HEX.test(trimmed)) {
    const isNegative = trimmed.startsWith('-')
    const value = Number(trimmed.replace(/^[-+]/, ''))
    return Number.isNaN(value) ? undefined : isNegative ? -value : value
  }
  const word = trimmed.toLowerCase().replace(/^[-+]/, '')
  if (word === 'nan') return Number.NaN
  if (word === 'inf' || word === 'infinity') {
    return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  const value = Number(trimmed)
  return Number.isNaN(value) || /^[-+]?0[bo]/i.test(trimmed) ? undefined : value
}

export function typeName(type: number): string {
  return type === LUA_TYPE.none ? 'no value' : nth(TYPE_NAMES, type)
}

function failType(vm: LuaVm, index: number, expected: string): number {
  return vm.failArgument(index, `${expected} expected, got ${typeName(vm.argumentType(index))}`)
}
