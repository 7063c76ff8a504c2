import type { ClientUser } from '../execution/acl-service.ts'
import { describeCommands, describeRules } from './describe-rules.ts'
import type { Permissions } from './permissions.ts'

export interface UserState {
  isEnabled: boolean
  /** Any password will do. */
  needsNoPassword: boolean
  /** Whether RESTORE looks at what this user brings before it believes it; undefined until it was said. */
  sanitizesPayload: boolean | undefined
  /** SHA-256, in hexadecimal digits. */
  passwords: readonly string[]
  /** The user's own ones first, then those in parentheses. */
  permissions: readonly [Permissions, ...Permissions[]]
}

/** A name, how to log in as it, and what it may do. Clients refer to it: its state is replaced, not the user. */
export class User implements ClientUser {
  readonly name: string
  #state: UserState
  #rules: string | undefined
  isUnrestricted = false

  constructor(name: string, state: UserState) {
    this.name = name
    this.#state = state
    this.state = state
  }

  get state(): Readonly<UserState> {
    return this.#state
  }

  set state(state: UserState) {
    this.#state = state
    this.#rules = undefined
    this.isUnrestricted = state.permissions.some((permissions) => permissions.allowsEverything)
  }

  get skipsSanitizing(): boolean {
    return this.#state.sanitizesPayload === false
  }

  /** Who connects is this user, when it is the default one. */
  get isOpen(): boolean {
    return this.#state.isEnabled && this.#state.needsNoPassword
  }

  get flags(): readonly string[] {
    const { isEnabled, needsNoPassword, sanitizesPayload } = this.#state
    return [
      isEnabled ? 'on' : 'off',
      ...(needsNoPassword ? ['nopass'] : []),
      ...(sanitizesPayload === false ? ['skip-sanitize-payload'] : []),
      ...(sanitizesPayload === true ? ['sanitize-payload'] : []),
    ]
  }

  /** The rules that make such a user, in the words of ACL LIST. Kept: finding them takes a look at every command. */
  get rules(): string {
    if (this.#rules === undefined) {
      const [own, ...others] = this.#state.permissions
      this.#rules = [
        ...this.flags,
        ...this.#state.passwords.map((hash) => `#${hash}`),
        describeAll(own),
        ...others.map((permissions) => `(${describeAll(permissions)})`),
      ].join(' ')
    }
    return this.#rules
  }
}

/** To change and then put in place of the old, or to forget. */
export function copyState(state: Readonly<UserState>): UserState {
  const [own, ...others] = state.permissions
  return { ...state, permissions: [own.copy(), ...others.map((permissions) => permissions.copy())] }
}

function describeAll(permissions: Permissions): string {
  const { keys, channels } = describeRules(permissions)
  const channelRules = permissions.allowsAllChannels ? channels : `resetchannels ${channels}`
  return [keys, channelRules.trim(), describeCommands(permissions)]
    .filter((part) => part !== '')
    .join(' ')
}
