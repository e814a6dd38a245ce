/** The live state of one class for React: loads it, connects, folds events in, and repairs gaps and lost connections. */
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import { ApiError } from '../api/problem'
import type { LiveSession, SchoolClass } from '../api/types'
import { hasGap } from '../realtime/replay'
import type { RoomEvent } from '../realtime/room'
import { CLASS_CHANNELS, type RoomView, useRoom } from '../realtime/use-room'
import { useStale } from '../realtime/use-stale'
import { readChannelEvent, readLeaderboard } from './events'
import { loadMissed, loadSessionBoard, loadSnapshot } from './load'
import { EMPTY_STATE, type LiveAction, type LiveState, reduce } from './reducer'
import { staleAfter } from './stale'

/** How often the page asks for news while there is no socket; a school's firewall may never let one through. */
const POLL_MS = 5_000

export interface LiveClass {
  state: LiveState
  dispatch: (action: LiveAction) => void
  room: RoomView
  /** The first load: until it is done there is nothing to show. */
  isLoading: boolean
  error: unknown
  retry: () => void
}

/** Follows the class; everything stops when the component goes away. */
export function useLiveClass(schoolClass: SchoolClass): LiveClass {
  const [state, dispatch] = useReducer(reduce, EMPTY_STATE)
  const [loadedId, setLoadedId] = useState<string | null>(null)
  const snapshot = useQuery({
    queryKey: ['live', schoolClass.id],
    queryFn: () => loadSnapshot(schoolClass.id),
    // The socket keeps it fresh; a refetch would only be asked for when the log no longer reaches back.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const { data, refetch } = snapshot

  useEffect(() => {
    if (!data) return
    dispatch({ type: 'loaded', snapshot: data, at: Date.now() })
    setLoadedId(schoolClass.id)
  }, [data, schoolClass.id])

  const isReady = loadedId === schoolClass.id
  const reload = useCallback(() => void refetch(), [refetch])
  const markStale = useStale()
  const replay = useReplay(schoolClass.id, state, dispatch, reload)
  const room = useRoom(isReady ? schoolClass.room_key : null, CLASS_CHANNELS, {
    onEvent: (event) => {
      for (const action of actionsOf(event)) {
        dispatch(action)
        if (action.type === 'arrived') markStale(staleAfter(schoolClass.id, action.event))
      }
    },
    onLive: replay,
  })
  const gap = hasGap(state)

  useEffect(() => {
    if (gap) replay()
  }, [gap, replay])

  useEffect(() => {
    if (!isReady || room.isLive) return
    const timer = setInterval(replay, POLL_MS)
    return () => clearInterval(timer)
  }, [isReady, room.isLive, replay])

  useFinalBoard(schoolClass.id, state.session, dispatch)

  return {
    state,
    dispatch,
    room,
    isLoading: !isReady && !snapshot.isError,
    error: isReady ? null : snapshot.error,
    retry: reload,
  }
}

/** What an event of the room's channels does to the state. */
function actionsOf({ channel, name, data }: RoomEvent): LiveAction[] {
  const at = Date.now()
  if (channel === 'private-cache-leaderboard') {
    const leaderboard = readLeaderboard(data)
    return leaderboard ? [{ type: 'ranked', leaderboard }] : []
  }
  const event = readChannelEvent(name, data)
  if (event === null) return []
  if (channel === 'private-class') return [{ type: 'arrived', event, at }]
  const isSession = channel === 'private-cache-session' && event.kind === 'quiz_update'
  return isSession ? [{ type: 'session_seen', session: event.data.session, seq: event.seq, at }] : []
}

/** After the end the room pushes the board of all time; the last one of the session has to be asked for. */
function useFinalBoard(
  classId: string,
  session: LiveSession | null,
  dispatch: (action: LiveAction) => void,
): void {
  const endedId = session?.status === 'ended' ? session.id : null
  useEffect(() => {
    if (endedId === null) return
    loadSessionBoard(classId, endedId).then(
      (leaderboard) => dispatch({ type: 'ranked', leaderboard }),
      // The board as it was last pushed stays on the screen.
      () => undefined,
    )
  }, [classId, endedId, dispatch])
}

/**
 * A function that fetches and folds what the state lacks; one fetch at a time, and once more if asked meanwhile. What
 * could not be fetched is asked for until it can: nothing else might ever tell that it is missing.
 */
function useReplay(
  classId: string,
  state: LiveState,
  dispatch: (action: LiveAction) => void,
  reload: () => void,
): () => void {
  const markStale = useStale()
  const latest = useRef(state)
  useEffect(() => {
    latest.current = state
  }, [state])
  const running = useRef(false)
  const askedAgain = useRef(false)
  const retry = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(retry.current), [])

  return useCallback(() => {
    const catchUp = async () => {
      const missed = await loadMissed(classId, latest.current.seq ?? 0)
      if (missed === 'gone') return reload()
      dispatch({ type: 'replayed', ...missed, at: Date.now() })
      markStale(missed.events.flatMap((event) => staleAfter(classId, event)))
    }
    const run = async () => {
      askedAgain.current = true
      if (running.current) return
      running.current = true
      clearTimeout(retry.current)
      try {
        while (askedAgain.current) {
          askedAgain.current = false
          await catchUp()
        }
      } catch (error) {
        // The log was pruned past our place: start from the present.
        if (error instanceof ApiError && error.status === 410) reload()
        else retry.current = setTimeout(() => void run(), POLL_MS)
      } finally {
        running.current = false
      }
    }
    void run()
  }, [classId, dispatch, reload, markStale])
}
