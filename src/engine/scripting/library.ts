import type { HostFunction, LuaVm } from './lua-vm.ts'

export type LibraryValues = Readonly<Record<string, HostFunction | number | string>>

/** Puts functions and constants into the table on top. */
export function setValues(vm: LuaVm, values: LibraryValues): void {
  for (const [name, value] of Object.entries(values)) {
    vm.pushWord(name)
    if (typeof value === 'function') vm.pushFunction(value)
    else if (typeof value === 'number') vm.pushNumber(value)
    else vm.pushLatin1(value)
    vm.setPair()
  }
}

export function addLibrary(vm: LuaVm, name: string, values: LibraryValues): void {
  vm.newTable(0, Object.keys(values).length)
  setValues(vm, values)
  vm.setGlobal(name)
}
