/** Replies that wait until what they acknowledge cannot be lost any more. */
export interface GatedReplies {
  /** They may leave; or what they acknowledge could not be kept, and they must not. */
  committed(isDurable: boolean): void
}

/** What stands between replies and the socket. */
export interface ReplyGate {
  /** True: they are to be kept until `committed` is called; until then it is not to be asked again for the same. */
  holds(replies: GatedReplies): boolean
  /** What was written could not be kept, and is not yet: nothing may be acknowledged that was not held. */
  readonly isFailing: boolean
}
