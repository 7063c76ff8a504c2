/** What scripts may set, and what that is at first. */
export interface JsonSettings {
  sparseConvert: number
  sparseRatio: number
  sparseSafe: number
  encodeDepthMax: number
  decodeDepthMax: number
  /** 0: an error, 1: as C prints them, 2: null. */
  encodeInvalidNumbers: number
  decodeInvalidNumbers: number
  keepBuffer: number
  precision: number
}
