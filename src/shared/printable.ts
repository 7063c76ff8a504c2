const UNPRINTABLE = /[^\x20-\x7e]/g

/** For the log: text that somebody else has sent, without anything but printable ASCII characters. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?')
}
