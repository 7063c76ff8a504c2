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
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from '../shared/logger.ts'

const SUFFIX = '.tar.gz'
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

  /** `undefined` when there is none, or none that can be read. */
  async load(): Promise<Blob | undefined> {
    try {
      return new Blob([await readFile(this.#file)], { type: 'application/x-gzip' })
    } catch {
      return undefined
    }
  }

  /** All of the dump or none of it; a full disk costs the next start some seconds, nothing else. */
  async store(dump: Blob): Promise<void> {
    const partial = `${this.#file}.${process.pid}`
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(partial, dump.stream())
      await rename(partial, this.#file)
      await this.#dropOthers()
    } catch (error) {
      this.#log.warn(
        { err: error, file: this.#file },
        'could not keep the dump of the demo database',
      )
      await rm(partial, { force: true })
    }
  }

  async drop(): Promise<void> {
    await rm(this.#file, { force: true })
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

/** In the package, else (an installation that belongs to root) a folder of this user's own. */
export async function defaultCacheFolder(): Promise<string> {
  try {
    await mkdir(PACKAGE_FOLDER, { recursive: true })
    await access(PACKAGE_FOLDER, constants.W_OK)
    return PACKAGE_FOLDER
  } catch {
    return join(tmpdir(), `gerbang-demo-${userInfo().username}`)
  }
}
