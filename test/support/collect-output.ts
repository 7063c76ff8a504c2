import type { Client } from '../../src/engine/execution/client.ts'

/** Collects what is pushed to a client without a connection; gives it as latin1 text, once. */
export function collectOutput(client: Client): () => string {
  let text = ''
  client.output = {
    ...client.output,
    push: (message) => {
      text += Buffer.from(message).toString('latin1')
    },
  }
  return () => {
    const received = text
    text = ''
    return received
  }
}
