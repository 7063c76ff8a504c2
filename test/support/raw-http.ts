import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Sends bytes as they are and gives all that comes back until the other side ends the connection. */
export async function rawExchange(port: number, request: string | Buffer): Promise<string> {
  const socket = await openSocket(port)
  socket.write(request)
  return await readToEnd(socket)
}

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  // An end by reset is an end.
  socket.on('error', () => undefined)
  return socket
}

export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString()
}

/** A request as its lines; the connection ends with its answer. */
export function requestText(
  startLine: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  return [startLine, 'Host: gateway', ...length, ...lines, '', body].join('\r\n')
}

export function portOf(url: string): number {
  return Number(new URL(url).port)
}
