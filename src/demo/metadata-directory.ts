import { readMetadataDirectory as readDirectory } from '../shared/metadata-directory.ts'
import { DemoMetadata } from './metadata.ts'

/** Reads what the Hasura CLI keeps in `metadata/`. */
export function readMetadataDirectory(directory: string): DemoMetadata {
  return new DemoMetadata(readDirectory(directory))
}
