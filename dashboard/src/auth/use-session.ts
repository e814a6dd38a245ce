/** The session of this tab, for React. */
import { useSyncExternalStore } from 'react'
import { Session, type SessionState } from './session'

export const session = new Session(window.sessionStorage)

/** The current sign-in state; the component renders again when it changes. */
export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.snapshot)
}
