import type { Handle } from '../memory/slab.ts'

/**
 * A data structure that lives in the slab and is reached from a root block, which stays where it is as long
 * as the value lives. One operator serves every value of its kind in an engine; it keeps nothing of them.
 */
export interface RootedStructure {
  /** Frees everything, the root block too: for values known to be small. */
  free(root: Handle): void
  /** Frees about so many elements; true when nothing is left, the root block neither. */
  freeSome(root: Handle, elements: number): boolean
  /** A second value that shares nothing with the first. */
  copy(root: Handle): Handle
  /** Bytes of all its blocks, the root block too. */
  bytes(root: Handle): number
}
