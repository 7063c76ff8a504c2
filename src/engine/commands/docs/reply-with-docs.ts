import type { Command } from '../../execution/command.ts'
import type { ReplyWriter } from '../../protocol/reply-writer.ts'
import { type Argument, parseSyntax } from './syntax.ts'
import { docOf } from './table.ts'

/** One command as COMMAND DOCS tells it, with its subcommands. Reads its syntax anew: it is rarely asked for. */
export function replyWithDocs(reply: ReplyWriter, { spec, fullName, subcommands }: Command): void {
  const { syntax, complexity, history, docFlags, deprecatedSince, replacedBy } = docOf(fullName)
  const fields: readonly (readonly [name: string, value: string | undefined])[] = [
    ['summary', spec.summary],
    ['since', spec.since],
    ['group', spec.group],
    ['complexity', complexity],
  ]
  const lateFields: typeof fields = [
    ['deprecated_since', deprecatedSince],
    ['replaced_by', replacedBy],
  ]
  const texts = [...fields, ...lateFields].filter(([, value]) => value !== undefined)
  const lists = [docFlags, history, syntax].filter((list) => list !== undefined)
  reply.map(texts.length + lists.length + (subcommands.length > 0 ? 1 : 0))
  replyWithTexts(reply, fields)
  if (docFlags !== undefined) {
    reply.text('doc_flags')
    reply.set(docFlags.length)
    for (const flag of docFlags) reply.simple(flag)
  }
  replyWithTexts(reply, lateFields)
  if (history !== undefined) {
    reply.text('history')
    reply.set(history.length)
    for (const [version, change] of history) {
      reply.array(2)
      reply.text(version)
      reply.text(change)
    }
  }
  if (syntax !== undefined) {
    reply.text('arguments')
    replyWithArguments(reply, parseSyntax(syntax))
  }
  if (subcommands.length === 0) return
  reply.text('subcommands')
  reply.map(subcommands.length)
  for (const subcommand of subcommands) {
    reply.text(subcommand.fullName)
    replyWithDocs(reply, subcommand)
  }
}

function replyWithTexts(
  reply: ReplyWriter,
  fields: readonly (readonly [name: string, value: string | undefined])[],
): void {
  for (const [name, value] of fields) {
    if (value === undefined) continue
    reply.text(name)
    reply.text(value)
  }
}

function replyWithArguments(reply: ReplyWriter, all: readonly Argument[]): void {
  reply.array(all.length)
  for (const argument of all) replyWithArgument(reply, argument)
}

function replyWithArgument(reply: ReplyWriter, argument: Argument): void {
  const { name, type, keySpecIndex, token, since, deprecatedSince, flags } = argument
  const texts: readonly (readonly [name: string, value: string | undefined])[] = [
    ['token', token],
    ['since', since],
    ['deprecated_since', deprecatedSince],
  ]
  const isGroup = type === 'oneof' || type === 'block'
  const optional = [keySpecIndex !== undefined, flags.length > 0, isGroup].filter(Boolean)
  const given = texts.filter(([, value]) => value !== undefined)
  reply.map(2 + optional.length + given.length)
  replyWithTexts(reply, [
    ['name', name],
    ['type', type],
  ])
  if (keySpecIndex !== undefined) {
    reply.text('key_spec_index')
    reply.integer(keySpecIndex)
  }
  replyWithTexts(reply, texts)
  if (flags.length > 0) {
    reply.text('flags')
    reply.set(flags.length)
    for (const flag of flags) reply.simple(flag)
  }
  if (!isGroup) return
  reply.text('arguments')
  replyWithArguments(reply, argument.arguments)
}
