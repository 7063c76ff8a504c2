import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { Client } from './client.ts'
import type { Command } from './command.ts'

/** Whom a client has logged in as, as far as others need to know. */
export interface ClientUser {
  /** Latin1 text: one character per byte. */
  readonly name: string
  /** May do everything: nobody asks further. */
  readonly isUnrestricted: boolean
  /** What it brings to RESTORE is believed (skip-sanitize-payload). */
  readonly skipsSanitizing: boolean
}

/** Within what a command was refused: ACL LOG tells. */
export type AccessContext = 'toplevel' | 'multi' | 'lua'

/** One command of one client, as it is about to run. */
export interface AccessRequest {
  readonly client: Client
  readonly command: Command
  readonly argv: ArgumentVector
}

/** The first reason found; of several the last argument that nothing allows. */
export interface AccessRefusal {
  readonly reason: 'command' | 'key' | 'channel'
  /** Which argument is the key or channel. */
  readonly argument: number
}

export interface Credentials {
  readonly client: Client
  /** The command that brought them. */
  readonly argv: ArgumentVector
  readonly user: string
  readonly password: Uint8Array
}

/** What a set of rules says, in the words of ACL GETUSER. */
export interface DescribedRules {
  readonly commands: string
  readonly keys: string
  readonly channels: string
}

export interface DescribedUser {
  readonly flags: readonly string[]
  /** Hashes, in hexadecimal digits. */
  readonly passwords: readonly string[]
  /** The user's own rules first, then those in parentheses. */
  readonly rules: readonly DescribedRules[]
}

/** Something refused, once or several times within a minute. */
export interface AccessLogEntry {
  readonly count: number
  readonly reason: 'command' | 'key' | 'channel' | 'auth'
  readonly context: AccessContext
  readonly object: string
  readonly user: string
  readonly atMs: number
  /** The client as CLIENT LIST told it. */
  readonly client: string
}

/** How often something was refused since the start. */
export interface AccessDenials {
  readonly auth: number
  readonly command: number
  readonly key: number
  readonly channel: number
}

/** Who may do what. Names, rules and patterns are latin1 text, so that any bytes will do. */
export interface AclService {
  /** The default user has no password. */
  readonly isOpen: boolean
  readonly denials: AccessDenials
  /** Whether the client is now this user; if not, ACL LOG says so. */
  logIn(credentials: Credentials): boolean
  /** Why a command may not run, in the words of each context; ACL LOG keeps it. Nothing when it may. */
  refuse(request: AccessRequest): string | undefined
  refuseQueued(request: AccessRequest): string | undefined
  refuseInScript(request: AccessRequest): string | undefined
  /** The same without a trace. */
  mayRun(request: AccessRequest): boolean
  /** Whether rules that allow the command let it read any key: SORT reads keys that it does not name. */
  mayReadAnyKey(request: AccessRequest): boolean
  find(user: string): ClientUser | undefined
  /** Whether a user may run what begins at the argument `offset`. */
  tryOut(
    user: ClientUser,
    command: Command,
    args: { readonly argv: ArgumentVector; readonly offset: number },
  ): AccessRefusal | undefined
  /** In the order of their names, as Redis tells them. */
  userNames(): readonly string[]
  describe(user: string): DescribedUser | undefined
  /** What stands behind `user` in a configuration file, a line each. */
  userLines(): readonly string[]
  /** All rules or none; the error's text. `by`: whose command this is, to be answered before it is hung up on. */
  setUser(name: string, rules: readonly string[], by: Client): string | undefined
  /** Gives how many there were. */
  deleteUsers(names: readonly string[], by: Client): number
  /** Reads the file of users anew, all or nothing; the error's text. */
  load(by: Client): string | undefined
  save(): string | undefined
  /** The latest first. */
  logEntries(count: number): readonly AccessLogEntry[]
  clearLog(): void
}
