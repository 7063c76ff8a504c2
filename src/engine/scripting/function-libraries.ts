import type { LuaVm } from './lua-vm.ts'
import type { ScriptFlag } from './script-flags.ts'

const NAME = /^[a-zA-Z0-9_]+$/
const NAME_RULE =
  'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long'
/** An entry besides its texts, about. */
const OVERHEAD_BYTES = 200

export interface LibraryFunction {
  readonly name: string
  readonly description: string | undefined
  readonly flags: ReadonlySet<ScriptFlag>
  readonly library: Library
  /** The function, kept by the VM. */
  readonly reference: number
}

export interface Library {
  readonly name: string
  /** As it was loaded. Owned. */
  readonly code: Buffer
  readonly functions: Map<string, LibraryFunction>
}

/** Libraries and their functions by name; names of functions are unique among all. */
export class FunctionLibraries {
  readonly libraries = new Map<string, Library>()
  /** By name in small letters: FCALL takes either case. */
  readonly functions = new Map<string, LibraryFunction>()
  /** What names, codes and entries take. */
  bytes = 0

  link(library: Library): void {
    this.libraries.set(library.name, library)
    for (const each of library.functions.values()) this.functions.set(each.name.toLowerCase(), each)
    this.bytes += bytesOf(library)
  }

  unlink(library: Library): void {
    this.libraries.delete(library.name)
    for (const name of library.functions.keys()) this.functions.delete(name.toLowerCase())
    this.bytes -= bytesOf(library)
  }

  /** The error's text when the library would bring a function that is there already. */
  clash(library: Library): string | undefined {
    for (const name of library.functions.keys()) {
      if (this.functions.has(name.toLowerCase())) return `Function ${name} already exists`
    }
    return undefined
  }

  /**
   * Takes all libraries of another, or none: then the error's text. With `replaces` those of the same name go, and
   * are given back in `replaced`.
   */
  join(others: FunctionLibraries, replaces: boolean): { replaced: Library[] } | string {
    const replaced: Library[] = []
    for (const library of others.libraries.values()) {
      const old = this.libraries.get(library.name)
      if (old === undefined) continue
      if (!replaces) return `Library ${library.name} already exists`
      replaced.push(old)
    }
    for (const old of replaced) this.unlink(old)
    for (const library of others.libraries.values()) {
      const clash = this.clash(library)
      if (clash === undefined) continue
      for (const old of replaced) this.link(old)
      return clash
    }
    for (const library of others.libraries.values()) this.link(library)
    return { replaced }
  }
}

/** Lets the VM forget a library's functions. */
export function releaseLibrary(vm: LuaVm, library: Library): void {
  for (const { reference } of library.functions.values()) vm.release(reference)
}

/** Adds a function to a library that is being loaded; the error's text when it cannot be. */
export function addFunction(
  library: Library,
  added: Omit<LibraryFunction, 'library'>,
): string | undefined {
  if (!NAME.test(added.name)) return NAME_RULE
  if (library.functions.has(added.name)) return 'Function already exists in the library'
  library.functions.set(added.name, { ...added, library })
  return undefined
}

export function isLibraryName(name: string): boolean {
  return NAME.test(name)
}

export const LIBRARY_NAME_RULE = NAME_RULE

function bytesOf(library: Library): number {
  let bytes = library.code.length + library.name.length + OVERHEAD_BYTES
  for (const { name, description } of library.functions.values()) {
    bytes += name.length + (description?.length ?? 0) + OVERHEAD_BYTES
  }
  return bytes
}
