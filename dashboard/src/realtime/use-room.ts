/** A room for React: its connection, its events, and when it is time to fetch what was missed. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { session } from '../auth/use-session'
import type { Connection } from './connection'
import type { RoomEvent } from './room'
import { enterRoom } from './rooms'
import type { SharedRoom } from './shared'

/** A class: its feed, who watches, and the two things whose last word is kept. */
export const CLASS_CHANNELS = [
  'private-class',
  'presence-class',
  'private-cache-session',
  'private-cache-leaderboard',
] as const

/** A person's inbox, whose key is their id. */
export const inboxChannels = (userId: string) => [`private-user-${userId}`]

/** What a school tells all its people; the key is the school's id. */
export const SCHOOL_CHANNELS = ['private-announcements'] as const

export interface RoomHandlers {
  onEvent: (event: RoomEvent) => void
  /** A connection begins, in this tab or in the one that leads: what happened before it has to be fetched. */
  onLive: () => void
}

export interface RoomView {
  /** `null`: nothing is known yet. */
  connection: Connection | null
  isLive: boolean
  tryNow: () => void
}

/** Is in the room of this key while there is one. */
export function useRoom(
  appKey: string | null,
  channels: readonly string[],
  handlers: RoomHandlers,
): RoomView {
  const [room, setRoom] = useState<SharedRoom | null>(null)
  const names = channels.join(' ')
  const latest = useRef(handlers)
  useEffect(() => {
    latest.current = handlers
  })

  useEffect(() => {
    const state = session.snapshot()
    if (appKey === null || state.status !== 'signed_in') return
    const { room: found, leave } = enterRoom({ appKey, channels: names.split(' ') }, state.user.id)
    const stopReading = found.read((event) => latest.current.onEvent(event))
    setRoom(found)
    return () => {
      stopReading()
      leave()
      setRoom(null)
    }
  }, [appKey, names])

  const subscribe = useCallback(
    (changed: () => void) => room?.subscribe(changed) ?? (() => undefined),
    [room],
  )
  const connection = useSyncExternalStore(subscribe, () => room?.snapshot() ?? null)
  const liveSince = connection?.phase.name === 'live' ? connection.phase.since : null

  useEffect(() => {
    if (liveSince !== null) latest.current.onLive()
  }, [liveSince])

  return { connection, isLive: liveSince !== null, tryNow: () => room?.tryNow() }
}
