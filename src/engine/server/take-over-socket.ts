import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'

/** The first `length` bytes are new, and valid until the call returns. */
export type ReceiveBytes = (bytes: Uint8Array, length: number) => void

/**
 * Reads an accepted socket into one buffer that all connections share: the 'data' event allocates 64 KiB
 * for every read, which costs more than the commands in it. node:net offers `onread` to those who make a
 * socket, not to those who accept one, so the handle goes to a socket of our own. Where a Node keeps the
 * handle elsewhere, the accepted socket is read by its events.
 *
 * The accepted socket must be paused (`pauseOnConnect`); use the returned one in its place.
 */
export function takeOverSocket(
  accepted: Socket,
  buffer: Uint8Array,
  receive: ReceiveBytes,
): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle')
  if (typeof handle !== 'object' || handle === null) return readByEvents(accepted, receive)
  // Without its handle the old socket closes nothing, and its server no longer counts it.
  Reflect.set(accepted, '_handle', null)
  accepted.destroy()
  const callback = (length: number): boolean => {
    receive(buffer, length)
    return true
  }
  const options: SocketConstructorOpts & { handle: object; onread: OnReadOpts } = {
    handle,
    onread: { buffer, callback },
  }
  // Nobody listens for 'data': only a stream that flows tells its end.
  return new Socket(options).resume()
}

/** The usual way: for sockets that have no handle of their own, as TLS. */
export function readByEvents(socket: Socket, receive: ReceiveBytes): Socket {
  socket.on('data', (chunk) => receive(chunk, chunk.length))
  return socket.resume()
}
