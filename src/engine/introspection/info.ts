/** One section of INFO: its name as clients ask for it, its title, and its lines as they are now. */
export interface InfoSection {
  readonly name: string
  readonly title: string
  /** Sections that only `all`, `everything` or their own name bring. */
  readonly isExtra?: boolean
  readonly fields: () => readonly (readonly [name: string, value: string | number])[]
}

/** The text of INFO for these sections; none asks for the default ones. */
export function formatInfo(sections: readonly InfoSection[], asked: readonly string[]): string {
  const names = new Set(asked.map((name) => name.toLowerCase()))
  const wantsAll = names.has('all') || names.has('everything')
  const wantsDefault = names.size === 0 || names.has('default')
  return sections
    .filter((section) => {
      const isPartOfDefault = section.isExtra !== true
      return wantsAll || names.has(section.name) || (wantsDefault && isPartOfDefault)
    })
    .map((section) => {
      const lines = section.fields().map(([name, value]) => `${name}:${value}\r\n`)
      return `# ${section.title}\r\n${lines.join('')}`
    })
    .join('\r\n')
}
