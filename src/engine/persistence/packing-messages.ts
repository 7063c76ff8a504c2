import type { SnapshotPiece } from './piece-copy.ts'

/** What the thread's program is started with. */
export interface PackingTask {
  readonly isSummed: boolean
}

/** A piece and the memory it is packed into, both lent; undefined after the last. */
export type PackingRequest =
  | { readonly piece: SnapshotPiece; readonly into: Uint8Array | undefined }
  | undefined

/** What goes to the target next. */
export interface PackingReply {
  readonly packed: Uint8Array
  /** The piece, to be used again; undefined where that is what goes to the target. */
  readonly spare: SnapshotPiece | undefined
  /** It is what stands behind all pieces. */
  readonly isLast: boolean
}

/** What these views are of, to be handed over with a message. */
export function memoryOf(
  ...views: readonly (Uint8Array | Uint32Array | undefined)[]
): readonly ArrayBuffer[] {
  return views.flatMap((view) => (view?.buffer instanceof ArrayBuffer ? [view.buffer] : []))
}
