import { type Handle, NONE } from '../memory/slab.ts'
import { HEADER_BYTES } from './listpack.ts'

/** The place of an element in a list: its node, and where it starts in the node's listpack. */
export class QuicklistCursor {
  node: Handle = NONE
  at = HEADER_BYTES
}
