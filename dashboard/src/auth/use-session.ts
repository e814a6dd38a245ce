/** The session of this tab: `Session` bound to this browser, and to React. */
import { useEffect, useSyncExternalStore } from 'react'
import { publicApi, unwrap } from '../api/public'
import { REFRESH_PATIENCE_MS } from './limits'
import { Session } from './session'
import type { State } from './state'
import {
  channelByBroadcast,
  channelByStorage,
  exclusivelyByLocks,
  exclusivelyByStorage,
  memoryIn,
  onActivityElsewhere,
  storeOfThisTab,
  tabCounter,
} from './tabs'

const ACTIVITY = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'scroll'] as const

/** The session; it starts with the first import. */
export const session = bind()

function bind(): Session {
  const store = sharedStore()
  // Older browsers lack them, whatever the types say; so does a page that is not served securely.
  const locks = navigator.locks as LockManager | undefined
  const channel =
    typeof BroadcastChannel === 'undefined' ? channelByStorage(store, window) : channelByBroadcast()
  const bound = new Session({
    refresh: () => unwrap(publicApi.POST('/api/v1/auth/refresh', { body: {}, signal: patience() })),
    logout: () => unwrap(publicApi.POST('/api/v1/auth/logout', { body: {}, signal: patience() })),
    exclusively: locks ? exclusivelyByLocks(locks) : exclusivelyByStorage(store, crypto.randomUUID()),
    hasOtherTabs: tabCounter(locks),
    post: channel.post,
    memory: memoryIn(store),
    isVisible: () => document.visibilityState === 'visible',
    random: Math.random,
  })
  channel.listen((message) => bound.hear(message))
  watchBrowser(bound)
  void bound.start()
  return bound
}

function watchBrowser(bound: Session): void {
  onActivityElsewhere(window, () => bound.watchIdle())
  for (const type of ACTIVITY)
    window.addEventListener(type, () => bound.touch(), { capture: true, passive: true })
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && bound.wake())
  window.addEventListener('pageshow', () => bound.wake())
  window.addEventListener('online', () => bound.wake())
}

/** Storage may be forbidden altogether. */
function sharedStore(): Storage | ReturnType<typeof storeOfThisTab> {
  try {
    const probe = 'toolboxai.probe'
    window.localStorage.setItem(probe, '')
    window.localStorage.removeItem(probe)
    return window.localStorage
  } catch {
    return storeOfThisTab()
  }
}

const patience = () => AbortSignal.timeout(REFRESH_PATIENCE_MS)

/** Who is signed in; the component renders again when that changes. */
export function useSession(): State {
  return useSyncExternalStore(session.subscribe, session.snapshot)
}

/** While `isActive`, nobody has to touch this page to stay signed in. */
export function useKeepActive(isActive: boolean): void {
  useEffect(() => (isActive ? session.hold() : undefined), [isActive])
}
