import { matchesGlob } from '../../shared/glob.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import type { Library, LibraryFunction } from './function-libraries.ts'
import { SCRIPT_FLAGS } from './script-flags.ts'

export interface ListOptions {
  readonly pattern: string | undefined
  readonly hasCode: boolean
}

/** FUNCTION LIST's options, or the error's text. */
export function parseListOptions(argv: ArgumentVector): ListOptions | string {
  let pattern: string | undefined
  let hasCode = false
  for (let index = 2; index < argv.count; index += 1) {
    if (!hasCode && argv.is(index, 'WITHCODE')) {
      hasCode = true
    } else if (pattern === undefined && argv.is(index, 'LIBRARYNAME')) {
      index += 1
      if (index >= argv.count) return replyErrors.libraryNameMissing
      pattern = argv.latin1(index)
    } else {
      return `ERR Unknown argument ${argv.latin1(index)}`
    }
  }
  return { pattern, hasCode }
}

export function replyWithLibraries(
  reply: ReplyWriter,
  libraries: Iterable<Library>,
  { pattern, hasCode }: ListOptions,
): void {
  const glob = pattern?.toLowerCase()
  const told = Array.from(libraries).filter(
    ({ name }) => glob === undefined || matchesGlob(glob, name.toLowerCase()),
  )
  reply.array(told.length)
  for (const { name, code, functions } of told) {
    reply.map(hasCode ? 4 : 3)
    reply.text('library_name')
    reply.text(name)
    reply.text('engine')
    reply.text('LUA')
    reply.text('functions')
    reply.array(functions.size)
    for (const each of functions.values()) replyWithFunction(reply, each)
    if (!hasCode) continue
    reply.text('library_code')
    reply.bulk(code, 0, code.length)
  }
}

function replyWithFunction(
  reply: ReplyWriter,
  { name, description, flags }: LibraryFunction,
): void {
  reply.map(3)
  reply.text('name')
  reply.text(name)
  reply.text('description')
  if (description === undefined) {
    reply.null()
  } else {
    const bytes = Buffer.from(description, 'latin1')
    reply.bulk(bytes, 0, bytes.length)
  }
  reply.text('flags')
  reply.set(flags.size)
  for (const flag of SCRIPT_FLAGS) if (flags.has(flag)) reply.simple(flag)
}
