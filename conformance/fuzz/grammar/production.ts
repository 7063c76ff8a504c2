import type { Arguments } from '../arguments.ts'

/** A command's words; each character is a byte. */
export type Words = readonly string[]

/** Makes one command of a kind. */
export type Production = (args: Arguments) => Words

/** The commands of a group, each as likely as the next. */
export type Grammar = readonly Production[]
