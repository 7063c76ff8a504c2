import type { CommandContext } from './context.ts'

/** The bodies of the scripting commands: `engine.ts` joins them to the engine (scripting/scripting.ts). */
export interface ScriptingService {
  eval(context: CommandContext, how: { readonly isReadOnly: boolean }): void
  evalSha(context: CommandContext, how: { readonly isReadOnly: boolean }): void
  callFunction(context: CommandContext, how: { readonly isReadOnly: boolean }): void
  loadScript(context: CommandContext): void
  scriptsExist(context: CommandContext): void
  flushScripts(): void
  /** The error's text, or nothing when the running script is told to end. */
  kill(isEval: boolean): string | undefined
  loadLibrary(context: CommandContext): void
  listLibraries(context: CommandContext): void
  deleteLibrary(context: CommandContext): void
  flushLibraries(): void
  dumpLibraries(context: CommandContext): void
  restoreLibraries(context: CommandContext): void
  /** What others are answered while a script takes too long. */
  readonly busyError: string | undefined
  /** The code of each library. */
  libraryCodes(): readonly Uint8Array[]
  /** Adds a library; the error's text when it is none. */
  restoreLibrary(code: Buffer, replaces: boolean): string | undefined
  functionStats(context: CommandContext): void
  usage(): ScriptingUsage
}

/** For INFO memory. */
export interface ScriptingUsage {
  readonly evalVmBytes: number
  readonly evalScriptBytes: number
  readonly evalScripts: number
  readonly functionVmBytes: number
  readonly functionBytes: number
  readonly functions: number
  readonly libraries: number
}
