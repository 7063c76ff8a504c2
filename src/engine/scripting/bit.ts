import { checkNumber } from './host-arguments.ts'
import { addLibrary } from './library.ts'
import type { LuaVm } from './lua-vm.ts'

/** Added to a number, it leaves the integer, rounded, in the low word: how Lua BitOp rounds. */
const ROUNDING = 2 ** 52 + 2 ** 51
const HEX_DIGITS_MAX = 8

/** Lua BitOp 1.0.2 (lua_bit.c): 32-bit integers with a sign. */
export function addBit(vm: LuaVm): void {
  const argument = (index: number): number => toBits(vm, index)
  const result = (bits: number): number => {
    vm.pushNumber(bits | 0)
    return 1
  }
  const fold = (combine: (left: number, right: number) => number) => (): number => {
    let bits = argument(1)
    for (let index = vm.argumentCount; index > 1; index -= 1) bits = combine(bits, argument(index))
    return result(bits)
  }
  const shift = (apply: (bits: number, by: number) => number) => (): number => {
    const bits = argument(1)
    return result(apply(bits, argument(2) & 31))
  }
  addLibrary(vm, 'bit', {
    tobit: () => result(argument(1)),
    bnot: () => result(~argument(1)),
    band: fold((left, right) => left & right),
    bor: fold((left, right) => left | right),
    bxor: fold((left, right) => left ^ right),
    lshift: shift((bits, by) => bits << by),
    rshift: shift((bits, by) => bits >>> by),
    arshift: shift((bits, by) => bits >> by),
    rol: shift((bits, by) => (bits << by) | (bits >>> ((32 - by) & 31))),
    ror: shift((bits, by) => (bits << ((32 - by) & 31)) | (bits >>> by)),
    bswap: () => result(swapped(argument(1))),
    tohex: () => {
      const bits = argument(1) >>> 0
      const digits = vm.argumentCount < 2 ? HEX_DIGITS_MAX : argument(2)
      const text = bits.toString(16).padStart(HEX_DIGITS_MAX, '0')
      const shown = text.slice(HEX_DIGITS_MAX - Math.min(HEX_DIGITS_MAX, Math.abs(digits)))
      vm.pushLatin1(digits < 0 ? shown.toUpperCase() : shown)
      return 1
    },
  })
}

function toBits(vm: LuaVm, index: number): number {
  const value = checkNumber(vm, index)
  // Nearly all are integers already, and the sum is exact only below 2^51.
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 51) return value | 0
  vm.values.doubles[vm.scratch(8) >> 3] = value + ROUNDING
  return vm.values.words[vm.scratch(8) >> 2] ?? 0
}

function swapped(bits: number): number {
  return (bits >>> 24) | ((bits >>> 8) & 0xff00) | ((bits & 0xff00) << 8) | ((bits & 0xff) << 24)
}
