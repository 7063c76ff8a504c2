import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { type Handle, KEEP_EXPIRY } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { denseRegister, raiseDenseRegister } from '../structures/hyperloglog/dense.ts'
import { patternOf } from '../structures/hyperloglog/element.ts'
import { estimateCardinality } from '../structures/hyperloglog/estimate.ts'
import {
  DENSE,
  DENSE_BYTES,
  isDense,
  REGISTERS,
  writeHeader,
} from '../structures/hyperloglog/header.ts'
import { SparseHyperLogLog } from '../structures/hyperloglog/sparse.ts'
import { findHyperLogLog } from './hyperloglog-access.ts'

const SELF_TEST_ELEMENTS = 100_000
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS)
/** Standard errors that nobody will see exceeded by chance. */
const TOLERANCE = 6

/** What Redis' own tests look into a value with. */
export function pfdebug(context: CommandContext): void {
  const { argv, database, reply } = context
  const record = findHyperLogLog(context, 2, 'write')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.error(replyErrors.hyperloglogMissing)
  if (argv.is(1, 'ENCODING')) {
    const isDenseValue = isDense(database.bytes(record), database.valueStart(record))
    return reply.simple(isDenseValue ? 'dense' : 'sparse')
  }
  if (argv.is(1, 'DECODE')) return decode(context, record)
  if (argv.is(1, 'GETREG')) return replyWithRegisters(context, record)
  if (argv.is(1, 'TODENSE')) {
    const hasBecome = becomeDense(context, record)
    if (hasBecome !== undefined) reply.integer(hasBecome ? 1 : 0)
    return
  }
  reply.error(`ERR Unknown PFDEBUG subcommand '${argv.latin1(1)}'`)
}

function decode(context: CommandContext, record: Handle): void {
  const { reply } = context
  const sparse = sparseOf(context, record)
  if (sparse === undefined) return reply.error(replyErrors.hyperloglogNotSparse)
  const runs: string[] = []
  sparse.forEachRun((length, value) => {
    if (value > 0) runs.push(`v:${value},${length}`)
    else runs.push(`${length > 64 ? 'Z' : 'z'}:${length}`)
  })
  reply.text(runs.join(' '))
}

function replyWithRegisters(context: CommandContext, record: Handle): void {
  const { argv, database, reply } = context
  if (becomeDense(context, record) === undefined) return
  const dense = database.peek(argv.bytes, argv.start(2), argv.length(2))
  reply.array(REGISTERS)
  for (let index = 0; index < REGISTERS; index += 1) {
    reply.integer(denseRegister(database.bytes(dense), database.valueStart(dense), index))
  }
}

/** Whether it was sparse; `undefined` once the error is written. */
function becomeDense(context: CommandContext, record: Handle): boolean | undefined {
  const { argv, database, reply } = context
  const sparse = sparseOf(context, record)
  if (sparse === undefined) return false
  const dense = sparse.toDense()
  if (dense === undefined) {
    reply.error(replyErrors.hyperloglogDamaged)
    return undefined
  }
  const moved = database.setString(
    argv.bytes,
    argv.start(2),
    argv.length(2),
    dense,
    0,
    dense.length,
    KEEP_EXPIRY,
  )
  database.setStringForm(moved, 'changed')
  context.changed()
  return true
}

function sparseOf({ database }: CommandContext, record: Handle): SparseHyperLogLog | undefined {
  const bytes = database.bytes(record)
  const start = database.valueStart(record)
  if (isDense(bytes, start)) return undefined
  return SparseHyperLogLog.from(bytes, start, database.valueLength(record))
}

/** Counts known numbers of elements in both encodings: they must agree, and be near the truth. */
export function pfselftest({ reply, services }: CommandContext): void {
  const dense = new Uint8Array(DENSE_BYTES)
  writeHeader(dense, 0, DENSE)
  const sparse = SparseHyperLogLog.empty()
  const bytesMax = services.config.integer('hll-sparse-max-bytes')
  const element = new Uint8Array(8)
  const view = new DataView(element.buffer)
  let isSparse = true
  let checkpoint = 1
  for (let count = 1; count <= SELF_TEST_ELEMENTS; count += 1) {
    view.setUint32(0, count)
    const pattern = patternOf(element, 0, element.length)
    raiseDenseRegister(dense, 0, pattern)
    if (isSparse) isSparse = sparse.raise(pattern.index, pattern.count, bytesMax) !== 'dense'
    if (count !== checkpoint) continue
    checkpoint *= 10
    const estimate = estimateCardinality(histogram(dense))
    if (isSparse && estimate !== estimateCardinality(histogram(sparse.toDense() ?? dense))) {
      return reply.error('ERR TESTFAILED dense/sparse disagree')
    }
    if (Math.abs(estimate - count) > Math.ceil(STANDARD_ERROR * TOLERANCE * count)) {
      return reply.error(`ERR TESTFAILED Too big error. card:${count} estimate:${estimate}`)
    }
  }
  reply.simple('OK')
}

function histogram(dense: Uint8Array): Int32Array {
  const counts = new Int32Array(64)
  for (let index = 0; index < REGISTERS; index += 1) {
    const value = denseRegister(dense, 0, index)
    counts[value] = (counts[value] ?? 0) + 1
  }
  return counts
}
