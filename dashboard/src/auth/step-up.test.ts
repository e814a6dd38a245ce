import { describe, expect, it, vi } from 'vitest'
import { createStepUp } from './step-up'

describe('a step-up', () => {
  it('answers all that wait with one dialog', async () => {
    const stepUp = createStepUp(vi.fn())
    const changed = vi.fn()
    stepUp.subscribe(changed)
    const both = Promise.all([stepUp.ask(), stepUp.ask()])
    expect(stepUp.isAsking()).toBe(true)
    stepUp.answer(true)
    expect(await both).toEqual([true, true])
    expect(stepUp.isAsking()).toBe(false)
    expect(changed).toHaveBeenCalledTimes(3)
  })

  it('that is cancelled says so, and the next request asks anew', async () => {
    const stepUp = createStepUp(vi.fn())
    const first = stepUp.ask()
    stepUp.answer(false)
    expect(await first).toBe(false)
    void stepUp.ask()
    expect(stepUp.isAsking()).toBe(true)
  })

  it('leads to the page for a second factor where the school wants one', () => {
    const go = vi.fn()
    createStepUp(go).requireSetUp()
    expect(go).toHaveBeenCalledWith('/account/security?required')
  })
})
