import type { Handle } from '../memory/slab.ts'
import type { RootedStructure } from './rooted-structure.ts'

/** Does what `root` was made for; should that fail, for want of memory, nobody has the root, and it is freed. */
export function orFree<T>(
  structure: Pick<RootedStructure, 'free'>,
  root: Handle,
  use: (root: Handle) => T,
): T {
  try {
    return use(root)
  } catch (error) {
    structure.free(root)
    throw error
  }
}
