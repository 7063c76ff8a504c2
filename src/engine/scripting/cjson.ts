import { ByteBuilder } from './byte-builder.ts'
import { checkInteger, checkString } from './host-arguments.ts'
import { JsonDecoder } from './json-decoder.ts'
import { JsonEncoder } from './json-encoder.ts'
import type { JsonSettings } from './json-settings.ts'
import { setValues } from './library.ts'
import { LUA_TYPE } from './lua-values.ts'
import { type HostFunction, type LuaVm } from './lua-vm.ts'

const INT_MAX = 0x7fff_ffff
/** The functions of a module live as long as the VM does. */
const MODULES_MAX = 1_000
const PRECISION_MAX = 14

const ON_OFF = ['off', 'on']
const INVALID_NUMBERS = ['off', 'on', 'null']

/** Mark Pulford's cjson 2.1.0, as Redis bundles it (lua_cjson.c). */
export function addCjson(vm: LuaVm): void {
  const builder = new ByteBuilder()
  let modules = 0
  const pushNew = (): number => {
    modules += 1
    if (modules > MODULES_MAX) return vm.fail('cjson.new was called too often')
    pushCjson(vm, builder, pushNew)
    return 1
  }
  pushNew()
  vm.setGlobal('cjson')
}

/** A module with settings of its own: cjson.new makes more of them. */
function pushCjson(vm: LuaVm, builder: ByteBuilder, pushNew: HostFunction): void {
  const settings: JsonSettings = {
    sparseConvert: 0,
    sparseRatio: 2,
    sparseSafe: 10,
    encodeDepthMax: 1_000,
    decodeDepthMax: 1_000,
    encodeInvalidNumbers: 0,
    decodeInvalidNumbers: 1,
    keepBuffer: 1,
    precision: PRECISION_MAX,
  }
  const encoder = new JsonEncoder(vm, builder, settings)
  const decoder = new JsonDecoder(vm, builder, settings)
  vm.newTable(0, 13)
  setValues(vm, {
    encode: () => encoder.run(),
    decode: () => decoder.run(),
    ...settingFunctions(vm, settings),
    new: pushNew,
    _NAME: 'cjson',
    _VERSION: '2.1.0',
  })
  vm.pushWord('null')
  vm.pushNullPointer()
  vm.setPair()
}

type Setting = keyof JsonSettings

function settingFunctions(
  vm: LuaVm,
  settings: JsonSettings,
): Readonly<Record<string, HostFunction>> {
  const integer = (index: number, name: Setting, min: number, max: number): number => {
    if (isGiven(vm, index)) {
      const value = checkInteger(vm, index)
      if (value < min || value > max) {
        return vm.failArgument(1, `expected integer between ${min} and ${max}`)
      }
      settings[name] = value
    }
    vm.pushNumber(settings[name])
    return 1
  }
  const choice = (index: number, name: Setting, words: readonly string[]): number => {
    if (isGiven(vm, index)) settings[name] = readChoice(vm, index, words)
    const value = settings[name]
    if (value <= 1) vm.pushBoolean(value === 1)
    else vm.pushLatin1(words[value] ?? '')
    return 1
  }
  return {
    encode_sparse_array: () => {
      checkCount(vm, 3)
      choice(1, 'sparseConvert', ON_OFF)
      integer(2, 'sparseRatio', 0, INT_MAX)
      integer(3, 'sparseSafe', 0, INT_MAX)
      return 3
    },
    encode_max_depth: () => checkCount(vm, 1) + integer(1, 'encodeDepthMax', 1, INT_MAX),
    decode_max_depth: () => checkCount(vm, 1) + integer(1, 'decodeDepthMax', 1, INT_MAX),
    encode_number_precision: () => checkCount(vm, 1) + integer(1, 'precision', 1, PRECISION_MAX),
    encode_keep_buffer: () => checkCount(vm, 1) + choice(1, 'keepBuffer', ON_OFF),
    encode_invalid_numbers: () =>
      checkCount(vm, 1) + choice(1, 'encodeInvalidNumbers', INVALID_NUMBERS),
    decode_invalid_numbers: () => checkCount(vm, 1) + choice(1, 'decodeInvalidNumbers', ON_OFF),
  }
}

function checkCount(vm: LuaVm, max: number): 0 {
  if (vm.argumentCount > max) vm.failArgument(max + 1, 'found too many arguments')
  // Results are pushed from here on; what is missing is nil, and no longer asked for by count.
  for (let count = vm.argumentCount; count < max; count += 1) vm.pushNil()
  return 0
}

function isGiven(vm: LuaVm, index: number): boolean {
  return vm.argumentType(index) !== LUA_TYPE.nil
}

function readChoice(vm: LuaVm, index: number, words: readonly string[]): number {
  if (vm.argumentType(index) === LUA_TYPE.boolean) {
    return vm.values.booleanAt(vm.argument(index)) ? 1 : 0
  }
  checkString(vm, index)
  const word = vm.values.latin1At(vm.argument(index))
  const value = words.indexOf(word)
  return value < 0 ? vm.failArgument(index, `invalid option '${word}'`) : value
}
