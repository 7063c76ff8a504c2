import type { Command } from '../execution/command.ts'
import type { BeginSearch, FindKeys, KeySpec } from '../execution/key-spec.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'

/** One command as COMMAND and COMMAND INFO tell it, with its subcommands. */
export function replyWithCommand(reply: ReplyWriter, command: Command): void {
  const { fullName, spec, subcommands, toldFlags, categories, legacyKeys, keySpecs } = command
  const tips = spec.tips ?? []
  reply.array(10)
  reply.text(fullName)
  reply.integer(spec.arity)
  reply.set(toldFlags.length)
  for (const flag of toldFlags) reply.simple(flag)
  for (const place of legacyKeys) reply.integer(place)
  reply.set(categories.length)
  for (const category of categories) reply.simple(`@${category}`)
  reply.set(tips.length)
  for (const tip of tips) reply.text(tip)
  reply.set(keySpecs.length)
  for (const keySpec of keySpecs) replyWithKeySpec(reply, keySpec)
  // Redis calls the subcommands an array, and their absence a set.
  if (subcommands.length === 0) reply.set(0)
  else reply.array(subcommands.length)
  for (const subcommand of subcommands) replyWithCommand(reply, subcommand)
}

function replyWithKeySpec(reply: ReplyWriter, spec: KeySpec): void {
  const { notes, flags, beginSearch, findKeys } = spec
  reply.map(notes === undefined ? 3 : 4)
  if (notes !== undefined) {
    reply.text('notes')
    reply.text(notes)
  }
  reply.text('flags')
  reply.set(flags.length)
  for (const flag of flags) reply.simple(flag)
  reply.text('begin_search')
  replyWithSearch(reply, beginSearch.type, beginSearchFields(beginSearch))
  reply.text('find_keys')
  replyWithSearch(reply, findKeys.type, findKeysFields(findKeys))
}

type SearchFields = readonly (readonly [name: string, value: string | number])[]

function beginSearchFields(search: BeginSearch): SearchFields {
  if (search.type === 'index') return [['index', search.index]]
  if (search.type === 'unknown') return []
  return [
    ['keyword', search.keyword],
    ['startfrom', search.startFrom],
  ]
}

function findKeysFields(find: FindKeys): SearchFields {
  if (find.type === 'unknown') return []
  if (find.type === 'range') {
    return [
      ['lastkey', find.last],
      ['keystep', find.step],
      ['limit', find.limit],
    ]
  }
  return [
    ['keynumidx', find.countAt],
    ['firstkey', find.first],
    ['keystep', find.step],
  ]
}

function replyWithSearch(reply: ReplyWriter, type: string, fields: SearchFields): void {
  reply.map(2)
  reply.text('type')
  reply.text(type)
  reply.text('spec')
  reply.map(fields.length)
  for (const [name, value] of fields) {
    reply.text(name)
    if (typeof value === 'number') reply.integer(value)
    else reply.text(value)
  }
}
