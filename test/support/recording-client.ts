import { Client, type ClientOutput, NO_OUTPUT_STATE } from '../../src/engine/execution/client.ts'
import { RespWriter } from '../../src/engine/protocol/resp-writer.ts'

/** Keeps what a client is sent, as text on the wire. */
export class RecordingOutput implements ClientOutput {
  readonly received: string[] = []
  readonly messages: Uint8Array[] = []
  releases = 0
  isClosed = false
  readonly #client: Client
  readonly #writer = new RespWriter()

  constructor(client: Client) {
    this.#client = client
  }

  beginReply(): RespWriter {
    this.#writer.protocol = this.#client.protocol
    return this.#writer
  }

  endReply(): void {
    this.endMessage()
  }

  endMessage(): void {
    if (this.#writer.length > 0) this.received.push(this.#writer.written().toString('latin1'))
    this.#writer.clear()
  }

  push(message: Uint8Array): void {
    this.messages.push(message)
    this.received.push(Buffer.from(message).toString('latin1'))
  }

  release(): void {
    this.releases += 1
  }

  readonly heldBytes = 0

  close(): void {
    this.isClosed = true
  }

  state(): typeof NO_OUTPUT_STATE {
    return NO_OUTPUT_STATE
  }
}

export function recordingClient(id = 1): { client: Client; output: RecordingOutput } {
  const client = new Client({
    id,
    address: '127.0.0.1:1',
    nowMs: 0,
    isEmbedded: false,
  })
  const output = new RecordingOutput(client)
  client.output = output
  return { client, output }
}
