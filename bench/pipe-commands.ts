import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { encode } from '../test/support/raw-resp-client.ts'

const COMMANDS_PER_WRITE = 1_000

/** Sends the commands of these indexes by redis-cli, as fast as they are taken. Throws when one is refused. */
export async function pipeCommands(
  port: number,
  command: (index: number) => readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  const loader = spawn('redis-cli', ['-p', `${port}`, '--pipe'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const ended = once(loader, 'exit')
  for (let start = from; start < to; start += COMMANDS_PER_WRITE) {
    let requests = ''
    for (let index = start; index < Math.min(start + COMMANDS_PER_WRITE, to); index += 1) {
      requests += encode(command(index))
    }
    if (!loader.stdin.write(requests, 'latin1')) await once(loader.stdin, 'drain')
  }
  loader.stdin.end()
  const [code] = await ended
  if (code !== 0) throw new Error(`redis-cli --pipe ended with ${code}`)
}
