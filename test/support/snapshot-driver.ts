import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BuiltParts } from '../../src/engine/composition/built-parts.ts'
import { followDirectives } from '../../src/engine/composition/directives.ts'
import { openClient } from '../../src/engine/composition/open-client.ts'
import { type EmbeddedClient, Engine } from '../../src/engine/index.ts'
import { NONE } from '../../src/engine/memory/slab.ts'
import { BackgroundSave } from '../../src/engine/persistence/background-save.ts'
import type { SnapshotPiece } from '../../src/engine/persistence/piece-copy.ts'
import { RdbOutput } from '../../src/engine/persistence/rdb-output.ts'
import { RdbSum } from '../../src/engine/persistence/rdb-sum.ts'
import { type AccessKind, RdbWriter } from '../../src/engine/persistence/rdb-writer.ts'
import type { SaveTarget } from '../../src/engine/persistence/save-target.ts'
import { Snapshot } from '../../src/engine/persistence/snapshot.ts'
import { StringPlaces } from '../../src/engine/persistence/string-places.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { seededRandom } from '../../src/shared/random.ts'
import { FakeClock } from './fake-clock.ts'

const STREAM_KEYS = 3
/** Tables, trees and many nodes with few elements. */
const DIRECTIVES = {
  save: '',
  databases: '4',
  'enable-debug-command': 'yes',
  'hash-max-listpack-entries': '4',
  'set-max-intset-entries': '4',
  'zset-max-listpack-entries': '4',
  'list-max-listpack-size': '4',
  'stream-node-max-entries': '4',
}

export interface PieceSizes {
  readonly atOnceBytesMax?: number
  readonly pieceBytes?: number
  readonly asideBytesMax?: number
  readonly access?: AccessKind
  /** Strings are left as they are, to be packed by others. */
  readonly leavesStrings?: boolean
  /** rdbcompression and rdbchecksum: yes unless told. */
  readonly compresses?: boolean
  readonly isSummed?: boolean
}

/** An engine whose snapshots a test takes itself, step by step. */
export class SnapshotDriver {
  readonly clock = new FakeClock()
  readonly client: EmbeddedClient
  readonly #parts: BuiltParts
  readonly folder = mkdtempSync(join(tmpdir(), 'gerbang-pieces-'))
  #begunMs = 0

  constructor(seed = 1) {
    const { clock } = this
    const random = seededRandom(seed)
    const parts = new BuiltParts({ clock, random, log: silentLogger, directives: DIRECTIVES })
    followDirectives(parts)
    parts.storage.persistence.begin()
    this.#parts = parts
    this.client = openClient(parts)
  }

  /** Tables, and pieces of few elements, unless told otherwise. */
  begin(sizes: PieceSizes = {}): Snapshot {
    this.#begunMs = this.clock.nowMs()
    const { keyspace } = this.#parts
    const output = new RdbOutput()
    output.compresses = sizes.compresses ?? true
    if (sizes.leavesStrings === true) output.places = new StringPlaces()
    const writer = new RdbWriter({
      output,
      structures: keyspace.structures,
      access: sizes.access ?? 'none',
      header: { fields: [], libraries: [] },
      sum: new RdbSum(sizes.isSummed ?? true),
      pieceBytes: sizes.pieceBytes ?? 64,
      ...(sizes.asideBytesMax === undefined ? {} : { asideBytesMax: sizes.asideBytesMax }),
    })
    const atOnceBytesMax = sizes.atOnceBytesMax ?? 1_000
    return new Snapshot({ keyspace, writer, hasKeys: true, atOnceBytesMax })
  }

  /** The same, to be run. Its clock stands still: steps end when something has to wait. */
  background(
    target: SaveTarget,
    packingProgram: URL | undefined,
    sizes: PieceSizes,
  ): BackgroundSave {
    const { clock } = this
    const snapshot = this.begin(sizes)
    return new BackgroundSave({ snapshot, target, clock, keyDelayUsec: () => 0, packingProgram })
  }

  /** As a command does that waits for the key, in whichever database it is. */
  hasten(snapshot: Snapshot, key: string): void {
    const bytes = Buffer.from(key)
    for (const database of this.#parts.keyspace.databases) {
      const record = database.held(bytes, 0, bytes.length)
      if (record !== NONE && !snapshot.isDone) snapshot.hasten(database, record)
    }
  }

  /** What an engine has that loads what the snapshot has written, at the instant it was begun. */
  async contentOf(snapshot: Snapshot): Promise<unknown> {
    this.save(snapshot)
    const engine = new Engine({
      clock: new FakeClock(this.#begunMs),
      isPersistent: true,
      directives: { ...DIRECTIVES, dir: this.folder },
    })
    try {
      await engine.load()
      return contentIn(engine.client())
    } finally {
      await engine.stop()
    }
  }

  get content(): unknown {
    return contentIn(this.client)
  }

  /** As `dump.rdb` in the folder; gives its path. */
  save({ writer }: Snapshot): string {
    const path = join(this.folder, 'dump.rdb')
    const content = Buffer.from(writer.output.written())
    writer.sum?.update(content)
    const sum = writer.sum?.spelled() ?? new Uint8Array(0)
    writeFileSync(path, Buffer.concat([content, sum]))
    return path
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** What has been written and was not taken before. */
export function takePiece({ writer }: Snapshot): SnapshotPiece {
  const places = writer.places?.take(new Uint32Array(0))
  return { places, bytes: writer.output.take(new Uint8Array(0)) }
}

/** All there is, with what DEBUG DIGEST does not look at: groups of the streams `x0`, `x1` and so on. */
function contentIn(client: EmbeddedClient): unknown {
  const streams: unknown[] = []
  for (let index = 0; index < Number(DIRECTIVES.databases); index += 1) {
    client.call('SELECT', index)
    for (let key = 0; key < STREAM_KEYS; key += 1) {
      if (client.call('TYPE', `x${key}`) !== 'stream') continue
      streams.push(client.call('XINFO', 'STREAM', `x${key}`, 'FULL', 'COUNT', 0))
    }
  }
  client.call('SELECT', 0)
  return [String(client.call('DEBUG', 'DIGEST')), streams]
}
