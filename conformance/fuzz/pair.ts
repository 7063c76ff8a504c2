import type { Words } from './grammar/production.ts'
import type { Reply } from './reply.ts'
import { RespClient } from './resp-client.ts'

export interface Replies {
  readonly theirs: Reply
  readonly ours: Reply
}

/** redis-server, whose answers are right, and the engine. */
export class Pair {
  readonly theirs: RespClient
  readonly ours: RespClient

  private constructor(theirs: RespClient, ours: RespClient) {
    this.theirs = theirs
    this.ours = ours
  }

  static async connect(redisPort: number, enginePort: number): Promise<Pair> {
    const theirs = await RespClient.connect(redisPort)
    return new Pair(theirs, await RespClient.connect(enginePort))
  }

  async call(...words: Words): Promise<Replies> {
    const [theirs, ours] = await Promise.all([this.theirs.call(words), this.ours.call(words)])
    return { theirs, ours }
  }

  close(): void {
    this.theirs.close()
    this.ours.close()
  }
}
