import { describe, expect, it } from 'vitest'
import { ClientPause } from '../../../../src/engine/execution/client-pause.ts'
import { recordingClient } from '../../../support/recording-client.ts'

describe('ClientPause', () => {
  it('never becomes shorter or narrower', () => {
    const pause = new ClientPause()
    pause.start('all', 100)
    pause.start('write', 50)
    expect(pause.endsAtMs).toBe(100)
    pause.start('write', 200)
    expect(pause.endsAtMs).toBe(200)
    pause.advance(199)
    expect(pause.isPaused).toBe(true)
    pause.advance(200)
    expect([pause.isPaused, pause.endsAtMs]).toEqual([false, undefined])
  })

  it('lets those go on that it put off, but the ones that have gone', () => {
    const pause = new ClientPause()
    const [here, gone] = [recordingClient(1), recordingClient(2)]
    pause.start('all', 100)
    pause.postpone(here.client)
    pause.postpone(gone.client)
    pause.forget(gone.client)
    expect(pause.postponedCount).toBe(1)
    pause.end()
    expect([here.output.releases, gone.output.releases, pause.postponedCount]).toEqual([1, 0, 0])
  })

  it('tells of its beginning and its end, once', () => {
    const pause = new ClientPause()
    const told: boolean[] = []
    pause.onChange((isPaused) => told.push(isPaused))
    pause.end()
    pause.start('write', 100)
    pause.end()
    pause.end()
    expect(told).toEqual([true, false])
  })
})
