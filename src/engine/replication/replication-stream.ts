import type { Effect } from '../execution/propagation.ts'
import { CommandEncoder, type CommandPart, encodeCommand } from '../protocol/command-encoder.ts'
import { StreamBlocks, type StreamReader } from './stream-blocks.ts'

const NO_DATABASE = -1
/** config.h, CONFIG_REPL_BACKLOG_MIN_SIZE. */
const BACKLOG_BYTES_MIN = 16 * 1_024

/**
 * The stream of effects, byte for byte as Redis words it, with its offsets. While it is inactive (no replica has come
 * yet, or none has been here for long) nothing is written and the offset stands still.
 */
export class ReplicationStream {
  readonly #encoder = new CommandEncoder()
  #blocks: StreamBlocks | undefined
  #offset = 0
  #database = NO_DATABASE
  #backlogBytesMax = BACKLOG_BYTES_MIN
  #onAppended: () => void = () => undefined
  #onSwitched: () => void = () => undefined

  get isActive(): boolean {
    return this.#blocks !== undefined
  }

  /** Of the last byte: INFO's master_repl_offset. */
  get offset(): number {
    return this.#blocks?.end ?? this.#offset
  }

  get backlogBytesMax(): number {
    return this.#backlogBytesMax
  }

  set backlogBytesMax(bytes: number) {
    this.#backlogBytesMax = Math.max(BACKLOG_BYTES_MIN, bytes)
    if (this.#blocks === undefined) return
    this.#blocks.backlogBytesMax = this.#backlogBytesMax
    this.#blocks.trim()
  }

  /** The first offset in the backlog; 0 without one. */
  get backlogStart(): number {
    return this.#blocks?.start ?? 0
  }

  get backlogLength(): number {
    return this.#blocks?.length ?? 0
  }

  /** The database that the next effect finds selected; -1 when it is to be told first. */
  get selectedDatabase(): number {
    return this.#database
  }

  /** Called after each writing: who reads is to look. */
  onAppended(listener: () => void): void {
    this.#onAppended = listener
  }

  /** Told when it becomes active, or inactive. */
  onSwitched(listener: () => void): void {
    this.#onSwitched = listener
  }

  begin(): void {
    this.#blocks ??= new StreamBlocks(this.#backlogBytesMax, this.#offset)
    this.#onSwitched()
  }

  end(): void {
    this.#offset = this.offset
    this.#blocks = undefined
    this.#onSwitched()
  }

  /** Goes on from an offset that somebody else has counted; what there was before is gone. */
  restartAt(offset: number): void {
    this.#offset = offset
    this.#database = NO_DATABASE
    this.#blocks = new StreamBlocks(this.#backlogBytesMax, offset)
    this.#onSwitched()
  }

  /** The next effect tells its database, for those who have not heard of it. */
  forgetDatabase(): void {
    this.#database = NO_DATABASE
  }

  effect(databaseIndex: number, effect: Effect): void {
    if (this.#blocks === undefined) return
    this.#encoder.clear()
    this.#encoder.command(effect)
    this.encoded(databaseIndex, this.#encoder.bytes, 0, this.#encoder.length)
  }

  /** One that is encoded already: bytes[start, end). */
  encoded(databaseIndex: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#blocks === undefined) return
    if (databaseIndex !== this.#database) {
      this.#database = databaseIndex
      const select = encodeCommand(['SELECT', databaseIndex])
      this.#blocks.append(select, 0, select.length)
    }
    this.append(bytes, start, end - start)
  }

  /** What touches no key, in whatever database: PING. */
  message(parts: readonly CommandPart[]): void {
    if (this.#blocks === undefined) return
    this.#encoder.clear()
    this.#encoder.command(parts)
    this.append(this.#encoder.bytes, 0, this.#encoder.length)
  }

  /** Bytes of a primary's stream, passed on as they are. */
  append(bytes: Uint8Array, start: number, length: number): void {
    if (this.#blocks === undefined) {
      this.#offset += length
      return
    }
    this.#blocks.append(bytes, start, length)
    this.#onAppended()
  }

  has(offset: number): boolean {
    return this.#blocks?.has(offset) === true
  }

  /** Without a backlog, or for an offset that it has not, undefined. */
  readerAt(offset: number): StreamReader | undefined {
    return this.has(offset) ? this.#blocks?.readerAt(offset) : undefined
  }
}
