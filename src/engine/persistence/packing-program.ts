import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '../../shared/assert.ts'
import {
  memoryOf,
  type PackingReply,
  type PackingRequest,
  type PackingTask,
} from './packing-messages.ts'
import { PiecePacker } from './piece-packer.ts'
import { RdbSum } from './rdb-sum.ts'

// What a PackingThread runs: it packs what it is sent, and is through after the end.
const port = parentPort
invariant(port !== null, 'this is the program of a thread')
const { isSummed }: PackingTask = workerData
const sum = new RdbSum(isSummed)
const packer = new PiecePacker(sum)

port.on('message', (request: PackingRequest) => {
  const reply = request === undefined ? end() : pack(request)
  port.postMessage(reply, memoryOf(reply.packed, reply.spare?.bytes, reply.spare?.places))
  if (reply.isLast) port.close()
})

function pack({ piece, into }: Exclude<PackingRequest, undefined>): PackingReply {
  const packed = packer.pack(piece, into ?? piece.bytes)
  return { packed, spare: into === undefined ? undefined : piece, isLast: false }
}

function end(): PackingReply {
  return { packed: sum.spelled(), spare: undefined, isLast: true }
}
