import { once } from 'node:events'
import { connect, createServer } from 'node:net'
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
