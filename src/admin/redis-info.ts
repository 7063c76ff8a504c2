/** The text of INFO by section and field, names in lower case, values as they stand. */
export type Info = Readonly<Record<string, Readonly<Record<string, string>>>>

export function parseInfo(text: string): Info {
  const sections: Record<string, Record<string, string>> = {}
  let section: Record<string, string> = {}
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (line.startsWith('#')) {
      section = {}
      sections[line.slice(1).trim().toLowerCase()] = section
    } else if (colon > 0) {
      section[line.slice(0, colon)] = line.slice(colon + 1)
    }
  }
  return sections
}

/** 0 for a field that is missing or no number. */
export function infoNumber(info: Info, section: string, field: string): number {
  const value = Number(info[section]?.[field] ?? 0)
  return Number.isFinite(value) ? value : 0
}
