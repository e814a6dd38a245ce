/**
 * Confirming who one is before something dangerous. The request that was refused waits in `ask()`; a dialog over the
 * page answers it. Several requests that wait are answered by one dialog.
 */
import { navigate } from 'wouter/use-browser-location'

export interface StepUpStore {
  subscribe: (listener: () => void) => () => void
  isAsking: () => boolean
  /** Resolves with whether the person confirmed. */
  ask: () => Promise<boolean>
  /** The dialog's answer. */
  answer: (isConfirmed: boolean) => void
  /** The school wants a second factor before anything else: leads to the page that makes one. */
  requireSetUp: () => void
}

/** A store of its own, for tests; the dashboard has one. */
export function createStepUp(go: (path: string) => void): StepUpStore {
  const listeners = new Set<() => void>()
  let waiting: ((isConfirmed: boolean) => void)[] = []
  const tell = () => {
    for (const listener of listeners) listener()
  }
  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    isAsking: () => waiting.length > 0,
    ask: () =>
      new Promise((resolve) => {
        waiting = [...waiting, resolve]
        tell()
      }),
    answer: (isConfirmed) => {
      const answered = waiting
      waiting = []
      tell()
      for (const resolve of answered) resolve(isConfirmed)
    },
    requireSetUp: () => go('/account/security?required'),
  }
}

export const stepUp = createStepUp(navigate)
