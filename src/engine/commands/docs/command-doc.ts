/** What COMMAND DOCS tells of a command beyond its literal. */
export interface CommandDoc {
  /** The arguments after the name, in the notation of syntax.ts. */
  readonly syntax?: string
  readonly complexity?: string
  readonly history?: readonly (readonly [version: string, change: string])[]
  readonly docFlags?: readonly ('deprecated' | 'syscmd')[]
  readonly deprecatedSince?: string
  readonly replacedBy?: string
}
