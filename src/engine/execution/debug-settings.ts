/** What DEBUG switches for tests; nothing of it is for use. */
export class DebugSettings {
  /** Keys past their instant go only when somebody looks at them. */
  isExpiryOff = false
  /** What runs at regular intervals does not. */
  isCyclePaused = false
  /** Scripts may call commands that scripts may not call. */
  allowsAllInScripts = false
  /** RESTORE and RDB files are taken whatever their sum says. */
  skipsChecksums = false
  /** Each writing of the append-only file takes so much longer. */
  logWriteDelayUsec = 0
}
