import type { CommandSpec } from '../execution/command.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { keyAt, keysFrom, withNotes } from '../execution/key-spec.ts'
import { type Handle, KEEP_EXPIRY } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { mergeDense, raiseDenseRegister } from '../structures/hyperloglog/dense.ts'
import { patternOf } from '../structures/hyperloglog/element.ts'
import { estimateCardinality, histogramOf } from '../structures/hyperloglog/estimate.ts'
import {
  cacheCardinality,
  cachedCardinality,
  isDense,
  markStale,
  REGISTERS,
} from '../structures/hyperloglog/header.ts'
import { SparseHyperLogLog } from '../structures/hyperloglog/sparse.ts'
import { findHyperLogLog } from './hyperloglog-access.ts'
import { pfdebug, pfselftest } from './hyperloglog-debug.ts'

const CACHE_NOTE =
  'RW because it may change the internal representation of the key, and propagate to replicas'

export const hyperloglogCommands: readonly CommandSpec[] = [
  {
    name: 'pfadd',
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'Adds the specified elements to the specified HyperLogLog.',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: pfadd,
  },
  {
    name: 'pfcount',
    group: 'hyperloglog',
    since: '2.8.9',
    summary:
      'Return the approximated cardinality of the set(s) observed by the HyperLogLog at key(s).',
    arity: -2,
    flags: ['readonly', 'may_replicate'],
    keySpecs: [withNotes(CACHE_NOTE, keysFrom(1, 'RW', 'access'))],
    run: pfcount,
  },
  {
    name: 'pfmerge',
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'Merge N different HyperLogLogs into a single one.',
    arity: -2,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'RW', 'access', 'insert'), keysFrom(2, 'RO', 'access')],
    run: pfmerge,
  },
  {
    name: 'pfdebug',
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'Internal commands for debugging HyperLogLog values',
    arity: 3,
    flags: ['write', 'denyoom', 'admin'],
    keySpecs: [keyAt(2, 'RW', 'access')],
    run: pfdebug,
  },
  {
    name: 'pfselftest',
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'An internal command for testing HyperLogLog values',
    arity: 1,
    flags: ['admin'],
    run: pfselftest,
  },
]

function pfadd(context: CommandContext): void {
  const { argv, reply } = context
  const record = findHyperLogLog(context, 1, 'write')
  if (record === WRONG_TYPE) return
  const raised = isDenseRecord(context, record)
    ? addToDense(context, record)
    : addToSparse(context, record)
  if (raised === undefined) return reply.error(replyErrors.hyperloglogDamaged)
  if (record !== 0 && raised === 0) return reply.integer(0)
  const start = context.database.findForWrite(argv.bytes, argv.start(1), argv.length(1))
  markStale(context.database.bytes(start), context.database.valueStart(start))
  context.modified(1)
  context.notify('string', 'pfadd', 1)
  context.changed()
  reply.integer(1)
}

function isDenseRecord({ database }: CommandContext, record: Handle): boolean {
  return record !== 0 && isDense(database.bytes(record), database.valueStart(record))
}

function addToDense({ argv, database }: CommandContext, record: Handle): number {
  const bytes = database.bytes(record)
  const start = database.valueStart(record)
  let raised = 0
  for (let index = 2; index < argv.count; index += 1) {
    const pattern = patternOf(argv.bytes, argv.start(index), argv.length(index))
    if (raiseDenseRegister(bytes, start, pattern)) raised += 1
  }
  return raised
}

/** `undefined` when the value is damaged. */
function addToSparse(context: CommandContext, record: Handle): number | undefined {
  const { argv } = context
  const value = new Registers(context, record)
  let raised = 0
  for (let index = 2; index < argv.count; index += 1) {
    const pattern = patternOf(argv.bytes, argv.start(index), argv.length(index))
    const hasRaised = value.raise(pattern.index, pattern.count)
    if (hasRaised === undefined) return undefined
    if (hasRaised) raised += 1
  }
  if (record === 0 || raised > 0) value.store(1)
  return raised
}

/** A copy of a value that begins sparse and becomes dense when it has to. */
class Registers {
  readonly #context: CommandContext
  #sparse: SparseHyperLogLog
  #dense: Uint8Array | undefined

  constructor(context: CommandContext, record: Handle) {
    const { database } = context
    this.#context = context
    if (isDenseRecord(context, record)) {
      const start = database.valueStart(record)
      this.#dense = database.bytes(record).slice(start, start + database.valueLength(record))
    }
    this.#sparse =
      record === 0
        ? SparseHyperLogLog.empty()
        : SparseHyperLogLog.from(
            database.bytes(record),
            database.valueStart(record),
            database.valueLength(record),
          )
  }

  /** False when damaged. */
  becomeDense(): boolean {
    this.#dense ??= this.#sparse.toDense()
    return this.#dense !== undefined
  }

  /** Whether the register has changed; `undefined` when the value is damaged. */
  raise(index: number, count: number): boolean | undefined {
    if (this.#dense === undefined) {
      const bytesMax = this.#context.services.config.integer('hll-sparse-max-bytes')
      const result = this.#sparse.raise(index, count, bytesMax)
      if (result === 'invalid') return undefined
      if (result !== 'dense') return result === 'raised'
      if (!this.becomeDense()) return undefined
    }
    return this.#dense !== undefined && raiseDenseRegister(this.#dense, 0, { index, count })
  }

  /** Makes the key in this argument hold it. */
  store(argument: number): void {
    const { argv, database } = this.#context
    const bytes = this.#dense ?? this.#sparse.bytes
    const length = this.#dense?.length ?? this.#sparse.length
    markStale(bytes, 0)
    const record = database.setString(
      argv.bytes,
      argv.start(argument),
      argv.length(argument),
      bytes,
      0,
      length,
      KEEP_EXPIRY,
    )
    database.setStringForm(record, 'changed')
  }
}

function pfcount(context: CommandContext): void {
  const { argv, database, reply } = context
  if (argv.count > 2) {
    const maxima = mergeAll(context)
    if (maxima !== undefined) reply.integer(estimateCardinality(histogramOf(maxima.registers)))
    return
  }
  const record = findHyperLogLog(context, 1, 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.integer(0)
  const bytes = database.bytes(record)
  const start = database.valueStart(record)
  const cached = cachedCardinality(bytes, start)
  if (cached !== undefined) return reply.integer(cached)
  const registers = new Uint8Array(REGISTERS)
  if (!mergeInto(context, registers, record)) return reply.error(replyErrors.hyperloglogDamaged)
  const cardinality = estimateCardinality(histogramOf(registers))
  database.preserve(record)
  cacheCardinality(bytes, start, cardinality)
  context.modified(1)
  context.changed()
  reply.integer(cardinality)
}

function pfmerge(context: CommandContext): void {
  const { argv, database, reply } = context
  const maxima = mergeAll(context)
  if (maxima === undefined) return
  const record = database.findForWrite(argv.bytes, argv.start(1), argv.length(1))
  const target = new Registers(context, record)
  if (maxima.hasDense && !target.becomeDense()) return reply.error(replyErrors.hyperloglogDamaged)
  for (const [index, value] of maxima.registers.entries()) {
    if (value > 0) target.raise(index, value)
  }
  target.store(1)
  context.modified(1)
  context.notify('string', 'pfadd', 1)
  context.changed()
  reply.simple('OK')
}

/** The largest of each register over all keys; `undefined` once the error is written. */
function mergeAll(
  context: CommandContext,
): { readonly registers: Uint8Array; readonly hasDense: boolean } | undefined {
  const registers = new Uint8Array(REGISTERS)
  let hasDense = false
  for (let index = 1; index < context.argv.count; index += 1) {
    const record = findHyperLogLog(context, index, 'read')
    if (record === WRONG_TYPE) return undefined
    if (record === 0) continue
    if (isDenseRecord(context, record)) hasDense = true
    if (mergeInto(context, registers, record)) continue
    context.reply.error(replyErrors.hyperloglogDamaged)
    return undefined
  }
  return { registers, hasDense }
}

/** False when the value is damaged. */
function mergeInto({ database }: CommandContext, maxima: Uint8Array, record: Handle): boolean {
  const bytes = database.bytes(record)
  const start = database.valueStart(record)
  if (isDense(bytes, start)) {
    mergeDense(maxima, bytes, start)
    return true
  }
  const sparse = SparseHyperLogLog.from(bytes, start, database.valueLength(record))
  return sparse.forEachRun((length, value, first) => {
    if (value === 0) return
    for (let index = first; index < first + length; index += 1) {
      if (value > (maxima[index] ?? 0)) maxima[index] = value
    }
  })
}
