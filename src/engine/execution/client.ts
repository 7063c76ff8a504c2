/** One who sends commands: a connection, or a caller in this process. */
export class Client {
  readonly id: number
  readonly address: string
  readonly createdMs: number
  /** A caller in this process. */
  readonly isEmbedded: boolean
  databaseIndex = 0
  isAuthenticated: boolean
  protocol: 2 | 3 = 2
  name = ''
  /** After the reply to the current command, the connection ends. */
  isClosing = false
  lastCommand = 'NULL'
  lastCommandMs: number

  constructor(options: {
    readonly id: number
    readonly address: string
    readonly nowMs: number
    readonly isAuthenticated: boolean
    readonly isEmbedded: boolean
  }) {
    this.id = options.id
    this.address = options.address
    this.createdMs = options.nowMs
    this.lastCommandMs = options.nowMs
    this.isEmbedded = options.isEmbedded
    this.isAuthenticated = options.isAuthenticated
  }
}
