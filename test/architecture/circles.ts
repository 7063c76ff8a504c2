/** For each file those that it imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/** Groups of files of which each leads to all others of its group, and back; sorted. */
export function circlesIn(graph: ImportGraph): readonly (readonly string[])[] {
  const reached = new Map([...graph.keys()].map((file) => [file, reachedFrom(file, graph)]))
  const circles: (readonly string[])[] = []
  const placed = new Set<string>()
  for (const file of [...graph.keys()].sort()) {
    if (placed.has(file)) continue
    const circle = [...(reached.get(file) ?? [])].filter((other) => reached.get(other)?.has(file))
    for (const other of circle) placed.add(other)
    if (circle.length > 0) circles.push(circle.sort())
  }
  return circles
}

/** Without the file itself, unless something leads back to it. */
function reachedFrom(file: string, graph: ImportGraph): ReadonlySet<string> {
  const reached = new Set<string>()
  const waiting = [...(graph.get(file) ?? [])]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (reached.has(next)) continue
    reached.add(next)
    waiting.push(...(graph.get(next) ?? []))
  }
  return reached
}
