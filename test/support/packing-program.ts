import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** As built: a thread cannot run the sources. */
export const PACKING_PROGRAM = pathToFileURL(resolve('dist/engine/persistence/packing-program.js'))
