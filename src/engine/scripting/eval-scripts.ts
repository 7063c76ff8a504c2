import { hash } from 'node:crypto'
import { splitArguments } from '../protocol/inline-arguments.ts'
import type { LuaVm } from './lua-vm.ts'
import { parseFlag, type ScriptFlag, type ScriptFlags } from './script-flags.ts'

const NEW_LINE = 0x0a
const SHEBANG = '#!'
const RECENT = 64
/** A script's entry and its names besides its text, about. */
const OVERHEAD_BYTES = 200

export interface EvalScript {
  readonly sha: string
  readonly flags: ScriptFlags
  /** Owned. */
  readonly body: Buffer
  /** The function, kept by the VM. */
  readonly reference: number
}

/** The scripts of one VM by the SHA1 of their text. As in Redis they stay until SCRIPT FLUSH. */
export class EvalScripts {
  readonly #vm: LuaVm
  readonly #bySha = new Map<string, EvalScript>()
  /** By length and a few bytes: comparing with one of these is cheaper than to hash. */
  readonly #recent: (EvalScript | undefined)[] = Array.from({ length: RECENT })
  /** What texts and entries take. */
  bytes = 0

  constructor(vm: LuaVm) {
    this.#vm = vm
  }

  get count(): number {
    return this.#bySha.size
  }

  /** In small letters. */
  find(sha: string): EvalScript | undefined {
    return this.#bySha.get(sha)
  }

  /** Compiles a script that is new; the error's text when it cannot be. The bytes are copied. */
  load(bytes: Uint8Array, start: number, length: number): EvalScript | string {
    const place = placeOf(bytes, start, length)
    const recent = this.#recent[place]
    if (recent !== undefined && isSame(recent.body, bytes, start, length)) return recent
    const body = bytes.subarray(start, start + length)
    const sha = hash('sha1', body)
    const script = this.#bySha.get(sha) ?? this.#compile(sha, Buffer.from(body))
    if (typeof script !== 'string') this.#recent[place] = script
    return script
  }

  #compile(sha: string, body: Buffer): EvalScript | string {
    const header = parseHeader(body)
    if (typeof header === 'string') return `ERR ${header}`
    // The line break stays, so that lines are counted as the user does.
    const problem = this.#vm.load(body.subarray(header.length), '@user_script')
    if (problem !== undefined) return `ERR Error compiling script (new function): ${problem}`
    const script = { sha, body, flags: header.flags, reference: this.#vm.keep() }
    this.#bySha.set(sha, script)
    this.bytes += body.length + OVERHEAD_BYTES
    return script
  }
}

/** What a script says of itself, without compiling it; undefined when that is nothing, or wrong. */
export function statedFlags(body: Buffer): ScriptFlags {
  const header = parseHeader(body)
  return typeof header === 'string' ? undefined : header.flags
}

interface Header {
  readonly flags: ScriptFlags
  readonly length: number
}

/** The first line, when it says what the script is (eval.c, evalExtractShebangFlags); or what is wrong with it. */
function parseHeader(body: Buffer): Header | string {
  if (body.toString('latin1', 0, SHEBANG.length) !== SHEBANG) return { flags: undefined, length: 0 }
  const length = body.indexOf(NEW_LINE)
  if (length < 0) return 'Invalid script shebang'
  const words = splitArguments(body.toString('latin1', 0, length))
  const [engine, ...options] = words ?? []
  if (engine === undefined) return 'Invalid engine in script shebang'
  if (engine !== '#!lua') return `Unexpected engine in script shebang: ${engine}`
  const flags = new Set<ScriptFlag>()
  for (const option of options) {
    if (!option.startsWith('flags=')) return `Unknown lua shebang option: ${option}`
    const names = option.slice('flags='.length)
    for (const name of names === '' ? [] : names.split(',')) {
      const flag = parseFlag(name)
      if (flag === undefined) return `Unexpected flag in script shebang: ${name}`
      flags.add(flag)
    }
  }
  return { flags, length }
}

function placeOf(bytes: Uint8Array, start: number, length: number): number {
  const middle = bytes[start + (length >> 1)] ?? 0
  const last = bytes[start + length - 1] ?? 0
  return (length * 31 + middle * 7 + last) % RECENT
}

function isSame(body: Buffer, bytes: Uint8Array, start: number, length: number): boolean {
  return body.length === length && body.compare(bytes, start, start + length) === 0
}
