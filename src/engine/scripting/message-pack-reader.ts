import type { LuaVm } from './lua-vm.ts'

const SLOTS_PER_VALUE = 4
/** Deeper than V8's stack would be found out by V8 alone; Lua's own stack ends the C code at about this. */
const NESTING_MAX = 3_900

/** MessagePack in the VM's memory, pushed as Lua values. */
export class MessagePackReader {
  readonly #vm: LuaVm
  readonly #end: number
  #at: number
  #level = 0

  constructor(vm: LuaVm, place: { readonly start: number; readonly end: number }) {
    this.#vm = vm
    this.#at = place.start
    this.#end = place.end
  }

  get left(): number {
    return this.#end - this.#at
  }

  push(): void {
    const vm = this.#vm
    this.#need(1)
    if (!vm.ensureStack(SLOTS_PER_VALUE) || this.#level > NESTING_MAX) {
      vm.fail(
        'stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)',
      )
    }
    const type = vm.values.bytes[this.#at] ?? 0
    if (type < 0x80 || type >= 0xe0) this.#pushShort(type)
    else if (type < 0x90) this.#map(1, type & 0xf)
    else if (type < 0xa0) this.#array(1, type & 0xf)
    else if (type < 0xc0) this.#string(1, type & 0x1f)
    else this.#pushTyped(type)
  }

  #pushShort(type: number): void {
    this.#at += 1
    this.#vm.pushNumber(type < 0x80 ? type : type - 0x100)
  }

  #pushTyped(type: number): void {
    const vm = this.#vm
    switch (type) {
      case 0xc0:
        this.#at += 1
        return vm.pushNil()
      case 0xc2:
      case 0xc3:
        this.#at += 1
        return vm.pushBoolean(type === 0xc3)
      case 0xca:
        this.#need(5)
        return this.#pushNumber(vm.values.bytes.readFloatBE(this.#at + 1), 5)
      case 0xcb:
        this.#need(9)
        return this.#pushNumber(vm.values.bytes.readDoubleBE(this.#at + 1), 9)
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#pushUnsigned(1 << (type - 0xcc))
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.#pushSigned(1 << (type - 0xd0))
      case 0xd9:
        return this.#string(2, this.#count(1))
      case 0xda:
        return this.#string(3, this.#count(2))
      case 0xdb:
        return this.#string(5, this.#count(4))
      case 0xdc:
        return this.#array(3, this.#count(2))
      case 0xdd:
        return this.#array(5, this.#count(4))
      case 0xde:
        return this.#map(3, this.#count(2))
      case 0xdf:
        return this.#map(5, this.#count(4))
      default:
        vm.fail('Bad data format in input.')
    }
  }

  #pushNumber(value: number, bytes: number): void {
    this.#at += bytes
    this.#vm.pushNumber(value)
  }

  #pushUnsigned(bytes: number): void {
    this.#need(1 + bytes)
    const { bytes: memory } = this.#vm.values
    const at = this.#at + 1
    if (bytes < 8) return this.#pushNumber(memory.readUIntBE(at, bytes), 1 + bytes)
    // cmsgpack hands it to Lua as a signed one.
    this.#pushNumber(Number(memory.readBigInt64BE(at)), 9)
  }

  #pushSigned(bytes: number): void {
    this.#need(1 + bytes)
    const { bytes: memory } = this.#vm.values
    const at = this.#at + 1
    const value = bytes < 8 ? memory.readIntBE(at, bytes) : Number(memory.readBigInt64BE(at))
    this.#pushNumber(value, 1 + bytes)
  }

  /** How many bytes or elements follow, in so many bytes after the type. */
  #count(bytes: number): number {
    this.#need(1 + bytes)
    return this.#vm.values.bytes.readUIntBE(this.#at + 1, bytes)
  }

  #string(head: number, length: number): void {
    this.#need(head + length)
    this.#vm.pushMemory(this.#at + head, length)
    this.#at += head + length
  }

  #array(head: number, count: number): void {
    this.#at += head
    this.#level += 1
    this.#vm.newTable(0, 0)
    for (let index = 1; index <= count; index += 1) {
      this.push()
      this.#vm.setIndex(index)
    }
    this.#level -= 1
  }

  #map(head: number, count: number): void {
    const vm = this.#vm
    this.#at += head
    this.#level += 1
    vm.newTable(0, 0)
    for (let index = 0; index < count; index += 1) {
      this.push()
      this.push()
      vm.setPair()
    }
    this.#level -= 1
  }

  #need(bytes: number): void {
    if (this.left < bytes) this.#vm.fail('Missing bytes in input.')
  }
}
