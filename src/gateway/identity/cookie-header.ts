/**
 * The values of every cookie of this name, in the order sent. By hand, because this runs on every request
 * that has a cookie: no object of all cookies is built. Names are compared as they are, quotes stay.
 */
export function cookieValues(header: string | undefined, name: string): readonly string[] {
  // Nearly all requests leave here.
  if (header === undefined || !header.includes(name)) return []
  const values: string[] = []
  let start = 0
  while (start < header.length) {
    const semicolon = header.indexOf(';', start)
    const end = semicolon === -1 ? header.length : semicolon
    const equals = header.indexOf('=', start)
    if (equals !== -1 && equals < end && header.slice(start, equals).trim() === name) {
      values.push(header.slice(equals + 1, end).trim())
    }
    start = end + 1
  }
  return values
}
