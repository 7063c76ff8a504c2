import { once } from 'node:events'
import { connect } from 'node:net'
import { freePort } from '../test/support/free-port.ts'
import { type ServerProcess, startProgram } from './server-process.ts'

/** A server on a port of its own, once it takes connections. */
export async function startServer(
  program: string,
  args: readonly string[],
): Promise<ServerProcess> {
  const port = await freePort()
  return startProgram(program, [...args, '--port', `${port}`], port, async (pid) => {
    while (!(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, 20))
    return [pid]
  })
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return isOpen
}
