import { describe, expect, it } from 'vitest'
import { ENGINE, TOP } from './layers.ts'
import { sourceImports } from './source-imports.ts'

const edges = sourceImports()

const top = (file: string) => file.split('/')[0]

const forbidden = (root: string, allowed: Record<string, readonly string[]>): readonly string[] => {
  const part = (file: string) => file.slice(root.length).split('/')[0] ?? ''
  return edges
    .filter(
      ({ from, to }) => from.startsWith(root) && to.startsWith(root) && part(from) !== part(to),
    )
    .filter(({ from, to }) => !(allowed[part(from)] ?? []).includes(part(to)))
    .map(({ from, to }) => `${from} -> ${to}`)
}

describe('imports', () => {
  it('are found at all', () => expect(edges).not.toEqual([]))
  it('follow the layers of src/', () => expect(forbidden('', TOP)).toEqual([]))
  it('follow the layers of src/engine/', () => expect(forbidden('engine/', ENGINE)).toEqual([]))

  it('enter another top folder through its index.ts only', () => {
    const sideDoors = edges.filter(
      ({ from, to }) => top(from) !== top(to) && top(to) !== 'shared' && !to.endsWith('/index.ts'),
    )
    expect(sideDoors).toEqual([])
  })

  it('never lead from a folder to its own index.ts', () => {
    const loops = edges.filter(
      ({ from, to }) => top(from) === top(to) && to === `${top(to)}/index.ts`,
    )
    expect(loops).toEqual([])
  })
})
