import { readFileSync } from 'node:fs'
import { type Config, ConfigError, type Finding } from '../config/index.ts'
import { readManifest } from '../gateway/index.ts'

const KEY = 'trusted_documents.manifest'

/** The documents of the manifest that the configuration names, by id; throws a ConfigError when it is of no use. */
export function readTrustedDocuments(config: Config): ReadonlyMap<string, string> {
  const { mode, manifest } = config.trusted_documents
  if (mode === 'off' || manifest === undefined) return new Map()
  try {
    return readManifest(readFileSync(manifest, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError([{ where: manifest, key: KEY, message: `cannot be used: ${reason}` }])
  }
}

/** For `gerbang check`. */
export function trustedDocumentFindings(config: Config): readonly Finding[] {
  try {
    readTrustedDocuments(config)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ message }) => ({ path: KEY.split('.'), message }))
  }
}
