import { ByteBuilder } from './byte-builder.ts'
import { checkNumber, checkString } from './host-arguments.ts'
import { addLibrary } from './library.ts'
import { LUA_TYPE } from './lua-values.ts'
import { type LuaVm } from './lua-vm.ts'

const INT_MAX = 0x7fff_ffff
const INTEGER_BYTES_MAX = 32
const ALIGNMENT_DEFAULT = 8
const INT64_BOUND = 2 ** 63
const RESULT_SLOTS = 2
const INTEGERS = new Set(['b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I'])
const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  B: 1,
  h: 2,
  H: 2,
  l: 8,
  L: 8,
  T: 8,
  f: 4,
  d: 8,
  x: 1,
}

/** Roberto Ierusalimschy's struct 0.2, as Redis bundles it (lua_struct.c) on machines with 64 bits. */
export function addStruct(vm: LuaVm): void {
  const builder = new ByteBuilder()
  addLibrary(vm, 'struct', {
    pack: () => pack(vm, builder),
    unpack: () => unpack(vm),
    size: () => size(vm),
  })
}

/** A format as it is read: its options, and what they set. */
class Format {
  option = ''
  size = 0
  isLittleEndian = true
  readonly #vm: LuaVm
  readonly #text: string
  #at = 0
  #alignment = 1

  constructor(vm: LuaVm) {
    checkString(vm, 1)
    this.#vm = vm
    const text = vm.values.latin1At(vm.argument(1))
    const end = text.indexOf('\0')
    this.#text = end < 0 ? text : text.slice(0, end)
  }

  /** Reads the next option; false at the end. */
  next(): boolean {
    if (this.#at >= this.#text.length) return false
    this.option = this.#text.charAt(this.#at)
    this.#at += 1
    this.size = this.#optionSize()
    return true
  }

  /** Zeros in front of the option at this position. */
  padding(position: number): number {
    if (this.size === 0 || this.option === 'c') return 0
    const size = Math.min(this.size, this.#alignment)
    return (size - (position & (size - 1))) & (size - 1)
  }

  /** An option that is no value. */
  control(): void {
    switch (this.option) {
      case ' ':
        return
      case '>':
        this.isLittleEndian = false
        return
      case '<':
        this.isLittleEndian = true
        return
      case '!': {
        const alignment = this.#number(ALIGNMENT_DEFAULT)
        if (alignment <= 0 || (alignment & (alignment - 1)) !== 0) {
          this.#vm.fail(`alignment ${alignment} is not a power of 2`)
        }
        this.#alignment = alignment
        return
      }
      default:
        this.#vm.failArgument(1, `invalid format option '${this.option}'`)
    }
  }

  #optionSize(): number {
    const { option } = this
    if (option === 'c') return this.#number(1)
    if (option !== 'i' && option !== 'I') return SIZES[option] ?? 0
    const size = this.#number(4)
    if (size <= INTEGER_BYTES_MAX) return size
    return this.#vm.fail(`integral size ${size} is larger than limit of ${INTEGER_BYTES_MAX}`)
  }

  #number(absent: number): number {
    let value = -1
    for (; isDigit(this.#text.charAt(this.#at)); this.#at += 1) {
      value = Math.max(value, 0) * 10 + Number(this.#text.charAt(this.#at))
      if (value > INT_MAX) this.#vm.fail('integral size overflow')
    }
    return value < 0 ? absent : value
  }
}

function pack(vm: LuaVm, builder: ByteBuilder): number {
  const format = new Format(vm)
  builder.clear()
  let argument = 2
  let position = 0
  while (format.next()) {
    const { option } = format
    const padding = format.padding(position)
    for (let count = 0; count < padding; count += 1) builder.byte(0)
    position += padding
    if (INTEGERS.has(option)) {
      packInteger(checkPacked(vm, argument), format, builder)
      argument += 1
    } else if (option === 'x') {
      builder.byte(0)
    } else if (option === 'f') {
      builder.float(checkPacked(vm, argument), format.isLittleEndian)
      argument += 1
    } else if (option === 'd') {
      builder.double(checkPacked(vm, argument), format.isLittleEndian)
      argument += 1
    } else if (option === 'c' || option === 's') {
      packString(vm, format, { builder, argument })
      argument += 1
    } else {
      format.control()
    }
    position += format.size
  }
  builder.pushTo(vm)
  return 1
}

function packString(
  vm: LuaVm,
  format: Format,
  { builder, argument }: { readonly builder: ByteBuilder; readonly argument: number },
): void {
  if (argument === vm.argumentCount + 1) failNil(vm, argument, 'string')
  checkString(vm, argument)
  const slot = vm.argument(argument)
  const length = vm.values.stringLength(slot)
  if (format.size === 0) format.size = length
  if (length < format.size) vm.failArgument(argument + 1, 'string too short')
  builder.slice(vm.values.bytes, vm.values.stringStart(slot), format.size)
  if (format.option === 'c') return
  builder.byte(0)
  format.size += 1
}

/** The C function pushes a nil before it reads its arguments: that is what the first missing one is. */
function checkPacked(vm: LuaVm, argument: number): number {
  return argument === vm.argumentCount + 1
    ? failNil(vm, argument, 'number')
    : checkNumber(vm, argument)
}

function failNil(vm: LuaVm, argument: number, expected: string): number {
  return vm.failArgument(argument, `${expected} expected, got nil`)
}

function packInteger(value: number, { size, isLittleEndian }: Format, builder: ByteBuilder): void {
  let rest = toUint64(value)
  const bytes: number[] = []
  for (let index = 0; index < size; index += 1) {
    bytes.push(Number(rest & 0xffn))
    rest >>= 8n
  }
  if (!isLittleEndian) bytes.reverse()
  for (const byte of bytes) builder.byte(byte)
}

/** C's cast of a double, on x86 where C leaves it open. */
function toUint64(value: number): bigint {
  if (Number.isNaN(value)) return 1n << 63n
  if (value < 0) {
    return BigInt.asUintN(64, value < -INT64_BOUND ? -(1n << 63n) : BigInt(Math.trunc(value)))
  }
  return value >= 2 ** 64 ? 0n : BigInt(Math.trunc(value))
}

function unpack(vm: LuaVm): number {
  const format = new Format(vm)
  checkString(vm, 2)
  const length = vm.values.stringLength(vm.argument(2))
  let position = startOf(vm) - 1
  let results = 0
  const data = vm.values.stringStart(vm.argument(2))
  const need = (size: number): void => {
    if (size > length || position > length - size) vm.failArgument(2, 'data string too short')
  }
  while (format.next()) {
    const { option } = format
    position += format.padding(position)
    need(format.size)
    if (!vm.ensureStack(RESULT_SLOTS)) vm.fail('stack overflow (too many results)')
    if (option === 'c' && format.size === 0) {
      if (results === 0 || vm.values.typeOf(vm.fromTop(1)) !== LUA_TYPE.number) {
        vm.fail("format 'c0' needs a previous size")
      }
      format.size = Number(toUint64(vm.values.numberAt(vm.fromTop(1))))
      vm.pop(1)
      results -= 1
      need(format.size)
    }
    if (pushUnpacked(vm, format, { at: data + position, end: data + length })) results += 1
    position += format.size
  }
  vm.pushNumber(position + 1)
  return results + 1
}

function startOf(vm: LuaVm): number {
  const isAbsent = vm.argumentType(3) === LUA_TYPE.none || vm.argumentType(3) === LUA_TYPE.nil
  const start = isAbsent ? 1 : Math.trunc(checkNumber(vm, 3))
  // A negative one is a very large one to C.
  if (start === 0) return vm.failArgument(3, 'offset must be 1 or greater')
  return start < 0 ? Number.MAX_SAFE_INTEGER : start
}

/** Whether the option has a value, which is pushed. */
function pushUnpacked(
  vm: LuaVm,
  format: Format,
  { at, end }: { readonly at: number; readonly end: number },
): boolean {
  const { option, size, isLittleEndian } = format
  const { bytes } = vm.values
  if (INTEGERS.has(option)) {
    vm.pushNumber(readInteger(bytes, at, format))
    return true
  }
  switch (option) {
    case 'x':
      return false
    case 'f':
      vm.pushNumber(isLittleEndian ? bytes.readFloatLE(at) : bytes.readFloatBE(at))
      return true
    case 'd':
      vm.pushNumber(isLittleEndian ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at))
      return true
    case 'c':
      vm.pushMemory(at, size)
      return true
    case 's': {
      const zero = bytes.indexOf(0, at)
      if (zero < 0 || zero >= end) vm.fail('unfinished string in data')
      vm.pushMemory(at, zero - at)
      format.size = zero - at + 1
      return true
    }
    default:
      format.control()
      return false
  }
}

function readInteger(
  bytes: Uint8Array,
  at: number,
  { option, size, isLittleEndian }: Format,
): number {
  let value = 0n
  for (let index = 0; index < size; index += 1) {
    const byte = bytes[isLittleEndian ? at + size - 1 - index : at + index] ?? 0
    value = BigInt.asUintN(64, (value << 8n) | BigInt(byte))
  }
  if (option !== option.toLowerCase()) return Number(value)
  // Shifts count modulo 64 on x86, where C leaves more than 63 open.
  const mask = BigInt.asUintN(64, -1n << BigInt((size * 8 - 1) & 63))
  if ((value & mask) !== 0n) value |= mask
  return Number(BigInt.asIntN(64, value))
}

function size(vm: LuaVm): number {
  const format = new Format(vm)
  let position = 0
  while (format.next()) {
    const { option } = format
    position += format.padding(position)
    if (option === 's') return vm.failArgument(1, "option 's' has no fixed size")
    if (option === 'c' && format.size === 0) {
      return vm.failArgument(1, "option 'c0' has no fixed size")
    }
    if (!/[a-zA-Z0-9]/.test(option)) format.control()
    position += format.size
  }
  vm.pushNumber(position)
  return 1
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1
}
