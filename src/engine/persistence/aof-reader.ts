import { closeSync, openSync, readSync } from 'node:fs'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import { RequestParser } from '../protocol/request-parser.ts'

const WINDOW_BYTES = 1_024 * 1_024
const STAR = 0x2a
const HASH = 0x23
const LF = 0x0a
/** Commands run between two looks at the clock. */
const BATCH = 64
/** Nothing that a client could not have sent is too long. */
const LIMITS = { bulkBytesMax: Number.MAX_SAFE_INTEGER, isAuthenticated: true }

/** Runs one command of a log; false when there is no such command. */
export type Replay = (argv: ArgumentVector) => boolean

/** The log is damaged, not only cut off. */
export class AofFormatError extends Error {
  override readonly name = 'AofFormatError'
}

/** Runs the commands of one file of a log again, in steps. */
export class AofReader {
  readonly #descriptor: number
  readonly #replay: Replay
  readonly #argv = new ArgumentVector()
  readonly #parser = new RequestParser(this.#argv)
  #window = new Uint8Array(WINDOW_BYTES)
  #at = 0
  #end = 0
  /** Where in the file the window starts. */
  #passed: number
  /** Of a transaction whose EXEC has not come yet. */
  #queued: ArgumentVector[] | undefined
  #multiOffset = 0
  isDone = false
  /** The file ends amid a command or a transaction. */
  isTruncated = false
  commandCount = 0

  /** `offset`: where the commands start. */
  constructor(path: string, offset: number, replay: Replay) {
    this.#descriptor = openSync(path, 'r')
    this.#passed = offset
    this.#replay = replay
  }

  /** Up to here the file is whole. */
  get validOffset(): number {
    return this.#queued === undefined ? this.#passed + this.#at : this.#multiOffset
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  /** Goes on until `isOver` says so, or the end. Throws an AofFormatError. */
  step(isOver: () => boolean): void {
    while (!this.isDone) {
      for (let count = 0; count < BATCH && !this.isDone; count += 1) {
        if (this.#at === this.#end && !this.#fill()) return this.#finish(false)
        this.#readNext()
      }
      if (isOver()) return
    }
  }

  #readNext(): void {
    const first = this.#window[this.#at]
    if (first === HASH) return this.#skipAnnotation()
    if (first !== STAR) throw new AofFormatError('a command is expected')
    for (;;) {
      const result = this.#parser.parse(this.#window, this.#at, this.#end, LIMITS)
      if (result === 'error' || result === 'empty') throw new AofFormatError(this.#parser.error)
      if (result === 'command') break
      if (!this.#fill()) return this.#finish(true)
    }
    this.#run()
    this.#at = this.#parser.end
  }

  #run(): void {
    const argv = this.#argv
    this.commandCount += 1
    if (argv.count === 1 && argv.is(0, 'MULTI') && this.#queued === undefined) {
      this.#multiOffset = this.#passed + this.#at
      this.#queued = []
    } else if (argv.count === 1 && argv.is(0, 'EXEC') && this.#queued !== undefined) {
      const queued = this.#queued
      this.#queued = undefined
      for (const each of queued) this.#execute(each)
    } else if (this.#queued !== undefined) {
      this.#queued.push(argv.copy())
    } else {
      this.#execute(argv)
    }
  }

  #execute(argv: ArgumentVector): void {
    if (this.#replay(argv)) return
    throw new AofFormatError(`Unknown command '${argv.latin1(0)}' reading the append only file`)
  }

  /** `#TS:…`, up to the end of the line. */
  #skipAnnotation(): void {
    for (;;) {
      const lineEnd = this.#window.indexOf(LF, this.#at)
      if (lineEnd >= 0 && lineEnd < this.#end) {
        this.#at = lineEnd + 1
        return
      }
      if (!this.#fill()) return this.#finish(true)
    }
  }

  #finish(isCut: boolean): void {
    this.isDone = true
    this.isTruncated = isCut || this.#queued !== undefined
  }

  /** More bytes behind those that are there; false at the end. */
  #fill(): boolean {
    const left = this.#end - this.#at
    if (this.#at > 0) this.#window.copyWithin(0, this.#at, this.#end)
    else if (left === this.#window.length) {
      const larger = new Uint8Array(left * 2)
      larger.set(this.#window)
      this.#window = larger
    }
    this.#passed += this.#at
    this.#at = 0
    this.#end = left
    const room = this.#window.length - left
    const read = readSync(this.#descriptor, this.#window, left, room, this.#passed + left)
    this.#end += read
    return read > 0
  }
}
