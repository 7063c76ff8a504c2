/** Up to where collections are packed: Redis' directives, which CONFIG SET may change. Only growing asks. */
export interface CollectionLimits {
  hashListpackEntriesMax: number
  hashListpackValueBytesMax: number
  setIntSetEntriesMax: number
  sortedSetListpackEntriesMax: number
  sortedSetListpackValueBytesMax: number
}

export const DEFAULT_COLLECTION_LIMITS: Readonly<CollectionLimits> = {
  hashListpackEntriesMax: 512,
  hashListpackValueBytesMax: 64,
  setIntSetEntriesMax: 512,
  sortedSetListpackEntriesMax: 128,
  sortedSetListpackValueBytesMax: 64,
}
