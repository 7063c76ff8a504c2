import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { integerArgument } from './arguments.ts'
import type { Command } from './command.ts'
import type { KeyFlag, KeySpec } from './key-spec.ts'

/**
 * The places of the keys in one command. The object is used again: what `findKeys` finds replaces what was
 * found before.
 */
export class KeyPositions {
  count = 0
  readonly #positions: number[] = []
  readonly #flags: (readonly KeyFlag[])[] = []

  clear(): void {
    this.count = 0
  }

  add(position: number, flags: readonly KeyFlag[]): void {
    this.#positions[this.count] = position
    this.#flags[this.count] = flags
    this.count += 1
  }

  /** The argument that is the key of this number; counted from the vector's start, wherever the command began. */
  position(index: number): number {
    return this.#positions[index] ?? 0
  }

  flags(index: number): readonly KeyFlag[] {
    return this.#flags[index] ?? []
  }
}

/** A command within a vector: COMMAND GETKEYS has it after two arguments of its own. */
export interface CommandArguments {
  readonly argv: ArgumentVector
  /** Where the command's name is. */
  readonly offset: number
}

/** Finds the keys of commands whose specifications cannot tell them all, or not their flags. */
export type KeyExtractor = (args: CommandArguments, keys: KeyPositions) => void

/** Whether the command may have keys at all. */
export function mayHaveKeys({ spec, keySpecs }: Command): boolean {
  return spec.extractKeys !== undefined || keySpecs.some(namesKeys)
}

/** Fills `keys` with the command's keys (db.c, getKeysFromCommandWithSpecs); none when the arguments are wrong. */
export function findKeys(command: Command, args: CommandArguments, keys: KeyPositions): void {
  keys.clear()
  const { spec, keySpecs, hasVariableKeyFlags } = command
  if (!hasVariableKeyFlags) {
    if (addAll(keySpecs, args, keys)) return
    keys.clear()
  }
  spec.extractKeys?.(args, keys)
}

function namesKeys({ flags }: KeySpec): boolean {
  return !flags.includes('not_key')
}

/** Whether all keys are found. */
function addAll(specs: readonly KeySpec[], args: CommandArguments, keys: KeyPositions): boolean {
  if (specs.length === 0) return false
  for (const spec of specs) {
    if (!namesKeys(spec)) continue
    const start = searchStart(spec, args)
    // A word that is not there brings no keys.
    if (start === 0) continue
    if (Number.isNaN(start) || !addFrom(start, spec, { args, keys })) return false
    if (spec.flags.includes('incomplete')) return false
  }
  return true
}

/** Where to look for keys; 0 when there are none, NaN when only the command knows. */
function searchStart({ beginSearch }: KeySpec, { argv, offset }: CommandArguments): number {
  if (beginSearch.type === 'unknown') return Number.NaN
  if (beginSearch.type === 'index') return beginSearch.index
  const count = argv.count - offset
  const { keyword, startFrom } = beginSearch
  const step = startFrom > 0 ? 1 : -1
  const end = startFrom > 0 ? count - 1 : 1
  for (let index = startFrom > 0 ? startFrom : count + startFrom; index !== end; index += step) {
    if (index >= count || index < 1) return 0
    if (argv.is(offset + index, keyword)) return index + 1
  }
  return 0
}

/** False when the keys would lie outside the command. */
function addFrom(
  start: number,
  { findKeys: find, flags }: KeySpec,
  { args, keys }: { readonly args: CommandArguments; readonly keys: KeyPositions },
): boolean {
  if (find.type === 'unknown') return false
  const { argv, offset } = args
  const count = argv.count - offset
  let first = start
  let last = 0
  if (find.type === 'keynum') {
    const at = start + find.countAt
    const keyCount = at < count ? integerArgument(argv, offset + at) : Number.NaN
    if (!(keyCount >= 0)) return false
    first = start + find.first
    last = first + keyCount - 1
  } else if (find.last >= 0) last = start + find.last
  else if (find.limit === 0) last = count + find.last
  else last = start + Math.floor((count - start) / find.limit) + find.last
  if (last >= count || last < first || first >= count) return false
  for (let index = first; index <= last; index += find.step) keys.add(offset + index, flags)
  return true
}
