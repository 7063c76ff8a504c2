import { Slab, SlabExhaustedError } from '../../src/engine/memory/slab.ts'

// oxlint-disable-next-line typescript/unbound-method -- called with the slab it is put back on
const { allocate } = Slab.prototype

/** From now on as if the process might take no more memory after so many blocks; the result ends that. */
export function refuseMemoryAfter(blocks: number): () => void {
  let left = blocks
  Slab.prototype.allocate = function refusing(bytes) {
    if (left === 0) throw new SlabExhaustedError('no more')
    left -= 1
    return allocate.call(this, bytes)
  }
  return () => {
    Slab.prototype.allocate = allocate
  }
}

/** Does `work` as if the process might take no more memory after so many blocks. */
export function withBlocks<T>(blocks: number, work: () => T): T {
  const allowMemory = refuseMemoryAfter(blocks)
  try {
    return work()
  } finally {
    allowMemory()
  }
}
