import { ByteBuilder } from './byte-builder.ts'
import { checkInteger, checkString } from './host-arguments.ts'
import { addLibrary } from './library.ts'
import { LUA_TYPE } from './lua-values.ts'
import { type LuaVm } from './lua-vm.ts'
import { MessagePackReader } from './message-pack-reader.ts'
import { MessagePackWriter } from './message-pack-writer.ts'

const INT_MAX = 0x7fff_ffff
/** Values come back one by one: the arguments must be gone from below them. */
const NO_LIMIT = { limit: 0, offset: 0 }

/** Salvatore Sanfilippo's cmsgpack 0.4.0, as Redis bundles it (lua_cmsgpack.c). */
export function addCmsgpack(vm: LuaVm): void {
  const builder = new ByteBuilder()
  const writer = new MessagePackWriter(vm, builder)
  addLibrary(vm, 'cmsgpack', {
    pack: () => {
      const count = vm.argumentCount
      if (count === 0) return vm.failArgument(0, 'MessagePack pack needs input.')
      builder.clear()
      for (let index = 1; index <= count; index += 1) writer.write(vm.argument(index))
      builder.pushTo(vm)
      return 1
    },
    unpack: () => unpack(vm, NO_LIMIT),
    unpack_one: () => unpack(vm, { limit: 1, offset: optionalInteger(vm, 2) }),
    unpack_limit: () => unpack(vm, { limit: checkInteger(vm, 2), offset: optionalInteger(vm, 3) }),
    _NAME: 'cmsgpack',
    _VERSION: 'lua-cmsgpack 0.4.0',
    _COPYRIGHT: 'Copyright (C) 2012, Salvatore Sanfilippo',
    _DESCRIPTION: 'MessagePack C implementation for Lua',
  })
}

/** With a limit or an offset the first result is where to go on, or -1 at the end. */
function unpack(
  vm: LuaVm,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): number {
  checkString(vm, 1)
  const slot = vm.argument(1)
  const length = vm.values.stringLength(slot)
  if (offset < 0 || limit < 0) {
    return vm.fail(`Invalid request to unpack with offset of ${offset} and limit of ${length}.`)
  }
  if (offset > length) {
    return vm.fail(`Start offset ${offset} greater than input length ${length}.`)
  }
  const tellsOffset = limit > 0 || offset > 0
  const start = vm.values.stringStart(slot)
  const reader = new MessagePackReader(vm, { start: start + offset, end: start + length })
  const max = tellsOffset ? limit : INT_MAX
  // Its place is kept free: only the end knows where to go on.
  if (tellsOffset) vm.pushNil()
  let count = 0
  for (; reader.left > 0 && count < max; count += 1) reader.push()
  if (!tellsOffset) return count
  vm.values.setNumber(vm.fromTop(count + 1), reader.left === 0 ? -1 : length - reader.left)
  return count + 1
}

function optionalInteger(vm: LuaVm, index: number): number {
  const type = vm.argumentType(index)
  return type === LUA_TYPE.none || type === LUA_TYPE.nil ? 0 : checkInteger(vm, index)
}
