import { createHash } from 'node:crypto'
import {
  access,
  constants,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from '../shared/logger.ts'

const SUFFIX = '.dump'
const DIGEST_BYTES = 32
/** The folder is the same from src/ and from dist/. */
const PACKAGE_FOLDER = fileURLToPath(new URL('../../.cache/demo', import.meta.url))

/** Keeps the dump of a database under a key that names everything it was made of. */
export class SeedCache {
  readonly #folder: string
  readonly #file: string
  readonly #log: Logger

  constructor(folder: string, key: string, log: Logger) {
    this.#folder = folder
    this.#file = join(folder, key + SUFFIX)
    this.#log = log
  }

  /**
   * `undefined` when there is none, or none that is whole: PGlite ends the process over a dump that cannot be
   * unpacked, so that it must not see one (0.5.16: an unhandled rejection behind the one that can be caught).
   */
  async load(): Promise<Blob | undefined> {
    const content = await this.#read()
    if (content === undefined) return undefined
    const dump = content.subarray(DIGEST_BYTES)
    if (sha256(dump).equals(content.subarray(0, DIGEST_BYTES))) {
      return new Blob([dump], { type: 'application/x-gzip' })
    }
    this.#log.warn({ file: this.#file }, 'the kept dump of the demo database is broken')
    await this.drop()
    return undefined
  }

  /** All of the dump or none of it; a full disk costs the next start some seconds, nothing else. */
  async store(dump: Blob): Promise<void> {
    const partial = `${this.#file}.${process.pid}`
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      const bytes = Buffer.from(await dump.arrayBuffer())
      await writeFile(partial, Buffer.concat([sha256(bytes), bytes]))
      await rename(partial, this.#file)
      await this.#dropOthers()
    } catch (error) {
      this.#log.warn(
        { err: error, file: this.#file },
        'could not keep the dump of the demo database',
      )
      // Fails where the folder is no folder, which has just been told.
      await rm(partial, { force: true }).catch(() => undefined)
    }
  }

  async drop(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  async #read(): Promise<Buffer<ArrayBuffer> | undefined> {
    try {
      return Buffer.from(await readFile(this.#file))
    } catch {
      return undefined
    }
  }

  /** Dumps of earlier schemas would pile up. */
  async #dropOthers(): Promise<void> {
    const names = await readdir(this.#folder)
    const others = names.map((name) => join(this.#folder, name))
    const stale = others.filter((file) => file.endsWith(SUFFIX) && file !== this.#file)
    await Promise.all(stale.map((file) => rm(file, { force: true })))
  }
}

export function cacheKey(parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:${part}`)
  return hash.digest('hex').slice(0, 32)
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** In the package, else (an installation that belongs to root) a folder of this user's own. */
export async function defaultCacheFolder(): Promise<string> {
  try {
    await mkdir(PACKAGE_FOLDER, { recursive: true })
    await access(PACKAGE_FOLDER, constants.W_OK)
    return PACKAGE_FOLDER
  } catch {
    // By number: in a container the user need not have a name.
    return join(tmpdir(), `gerbang-demo-${process.getuid?.() ?? 'user'}`)
  }
}
