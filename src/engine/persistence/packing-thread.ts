import { Worker } from 'node:worker_threads'
import type { Packing, PackingOptions } from './packing.ts'
import {
  memoryOf,
  type PackingReply,
  type PackingRequest,
  type PackingTask,
} from './packing-messages.ts'
import type { PieceBuffers } from './piece-buffers.ts'
import type { SnapshotPiece } from './piece-copy.ts'
import type { SaveTarget } from './save-target.ts'

/** How many bytes may be on the thread before who adds is to wait, and how many when it may go on. */
const PENDING_BYTES_MAX = 1_024 * 1_024
const PENDING_BYTES_RESUMED = PENDING_BYTES_MAX / 2
/** Of V8's own memory: pieces are beside it. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }

/** Built, there is a program beside this module; from its sources there is none that a thread of Node.js 20 could run. */
export const PACKING_PROGRAM: URL | undefined = import.meta.url.endsWith('.ts')
  ? undefined
  : new URL('./packing-program.js', import.meta.url)

/**
 * On a thread of its own, which is there after 30 ms and takes 7 MiB: it is started for one snapshot and ends with it.
 * Memory is handed over, not copied.
 */
export class PackingThread implements Packing {
  readonly #target: SaveTarget
  readonly #buffers: PieceBuffers
  readonly #worker: Worker | undefined
  #pendingBytes = 0
  #failure: { readonly error: unknown } | undefined
  /** Nothing more comes from the thread. */
  #isOver = false
  /** Who waits for the thread looks again. */
  #wake: () => void = () => undefined

  constructor({ target, buffers, sum }: PackingOptions, program: URL) {
    this.#target = target
    this.#buffers = buffers
    this.#worker = this.#start(program, { isSummed: sum?.isWanted === true })
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  get isCongested(): boolean {
    return this.#pendingBytes > PENDING_BYTES_MAX && !this.#isOver
  }

  add(piece: SnapshotPiece): void {
    const { bytes, places } = piece
    // While it has something to do the process has to live, as while it writes to the disk.
    if (this.#pendingBytes === 0) this.#worker?.ref()
    this.#pendingBytes += bytes.length
    const into = places === undefined ? undefined : this.#buffers.takeBytes()
    const request: PackingRequest = { piece, into }
    this.#worker?.postMessage(request, memoryOf(bytes, places, into))
  }

  async drained(): Promise<void> {
    while (this.#pendingBytes > PENDING_BYTES_RESUMED && !this.#isOver) await this.#change()
  }

  async end(): Promise<void> {
    this.#worker?.ref()
    this.#worker?.postMessage(undefined)
    while (!this.#isOver) await this.#change()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  cancel(): void {
    if (this.#isOver) return
    this.#stop()
    void this.#worker?.terminate()
  }

  #start(program: URL, task: PackingTask): Worker | undefined {
    try {
      const worker = new Worker(program, {
        workerData: task,
        resourceLimits: RESOURCE_LIMITS,
        // What this process was started with is none of its business.
        execArgv: [],
        env: {},
      })
      worker.unref()
      worker.on('message', this.#receive)
      worker.on('messageerror', this.#fail)
      worker.on('error', this.#fail)
      worker.on('exit', (code) => this.#fail(new Error(`it ended with code ${code}`)))
      return worker
    } catch (error) {
      // The system has no thread to give. The walk that asks for it has to go on to its end.
      this.#fail(error)
      return undefined
    }
  }

  readonly #receive = ({ packed, spare, isLast }: PackingReply): void => {
    if (this.#isOver) return
    this.#target.write(packed, this.#buffers.giveBytes)
    if (isLast) return this.#stop()
    this.#pendingBytes -= (spare?.bytes ?? packed).length
    if (spare !== undefined) this.#buffers.give(spare)
    if (this.#pendingBytes === 0) this.#worker?.unref()
    this.#wake()
  }

  readonly #fail = (cause: unknown): void => {
    if (this.#isOver) return
    this.#failure = { error: new Error('The thread that packs snapshots failed', { cause }) }
    this.#stop()
  }

  /** Whether it is through, has failed or is not wanted. */
  #stop(): void {
    this.#isOver = true
    this.#worker?.unref()
    this.#wake()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
