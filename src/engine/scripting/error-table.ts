import type { LuaVm } from './lua-vm.ts'

/** Marks errors that were counted when the command failed: they do not count again as the script's. */
export const IS_COUNTED = 'ignore_error_stats_update'

/** Pushes the table that an error is to scripts. A text without a code gets ERR (script_lua.c, luaPushErrorBuff). */
export function pushError(vm: LuaVm, text: string): void {
  pushTable(vm, `ERR ${trimmed(text)}`, 1)
}

/** The same of an error a command replied with: its first word is the code. */
export function pushErrorReply(vm: LuaVm, text: string): void {
  pushTable(vm, withCode(text), 2)
  vm.pushWord(IS_COUNTED)
  vm.pushBoolean(true)
  vm.setPair()
}

/** redis.error_reply: a dash in front of the code may be there. */
export function pushErrorOfScript(vm: LuaVm, text: string): void {
  pushTable(vm, withCode(text.startsWith('-') ? text.slice(1) : text), 1)
}

/** Raises an error of redis.*; does not return. */
export function raiseError(vm: LuaVm, text: string): number {
  pushError(vm, text)
  return vm.raise()
}

function withCode(text: string): string {
  const space = text.indexOf(' ')
  if (space < 0) return `ERR ${trimmed(text)}`
  return `${text.slice(0, space)} ${trimmed(text.slice(space + 1))}`
}

function pushTable(vm: LuaVm, text: string, fields: number): void {
  vm.newTable(0, fields)
  vm.pushWord('err')
  vm.pushLatin1(text)
  vm.setPair()
}

function trimmed(text: string): string {
  return text.replace(/^[\r\n]+|[\r\n]+$/g, '')
}
