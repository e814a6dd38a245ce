/** The live state of one class for React: loads it, connects, folds events in, and repairs gaps and lost connections. */
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import { ApiError } from '../api/problem'
import type { LiveSession, SchoolClass } from '../api/types'
import { session as authSession } from '../auth/use-session'
import { type ConnectionState, connectToRoom } from './connection'
import { readChannelEvent, readLeaderboard } from './events'
import { loadEventsAfter, loadSessionBoard, loadSnapshot } from './load'
import { EMPTY_STATE, hasGap, type LiveAction, type LiveState, reduce } from './reducer'

/** How often the page asks for news while there is no socket; a school's firewall may never let one through. */
const POLL_MS = 5_000

export interface LiveClass {
  state: LiveState
  dispatch: (action: LiveAction) => void
  connection: ConnectionState
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
  const replay = useReplay(schoolClass.id, state, dispatch, reload)
  const connection = useRoom(isReady ? schoolClass.room_key : null, dispatch, replay)
  const gap = hasGap(state)

  useEffect(() => {
    if (gap) replay()
  }, [gap, replay])

  useEffect(() => {
    if (!isReady || connection === 'connected') return
    const timer = setInterval(replay, POLL_MS)
    return () => clearInterval(timer)
  }, [isReady, connection, replay])

  useFinalBoard(schoolClass.id, state.session, dispatch)

  return {
    state,
    dispatch,
    connection,
    isLoading: !isReady && !snapshot.isError,
    error: isReady ? null : snapshot.error,
    retry: reload,
  }
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

/** A function that fetches and folds what the state lacks; one fetch at a time, and once more if asked meanwhile. */
function useReplay(
  classId: string,
  state: LiveState,
  dispatch: (action: LiveAction) => void,
  reload: () => void,
): () => void {
  const latest = useRef(state)
  useEffect(() => {
    latest.current = state
  }, [state])
  const running = useRef(false)
  const askedAgain = useRef(false)

  return useCallback(() => {
    const run = async () => {
      if (running.current) {
        askedAgain.current = true
        return
      }
      running.current = true
      try {
        do {
          askedAgain.current = false
          const { events, upTo } = await loadEventsAfter(classId, latest.current.seq ?? 0)
          dispatch({ type: 'replayed', events, upTo, at: Date.now() })
        } while (askedAgain.current)
      } catch (error) {
        // Gone: the log was pruned past our place, so start from the present. Anything else: the next event, poll or
        // reconnection asks again.
        if (error instanceof ApiError && error.status === 410) reload()
      } finally {
        running.current = false
      }
    }
    void run()
  }, [classId, dispatch, reload])
}

/** Keeps a socket to the room while `roomKey` is given. */
function useRoom(
  roomKey: string | null,
  dispatch: (action: LiveAction) => void,
  replay: () => void,
): ConnectionState {
  const [connection, setConnection] = useState<ConnectionState>('connecting')
  const [round, setRound] = useState(0)

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round means connecting anew with a new token
  useEffect(() => {
    if (roomKey === null) return
    let isOpen = true
    const disconnect = connectToRoom(roomKey, {
      token: () => authSession.token,
      onState: (next) => isOpen && setConnection(next),
      onSubscribed: replay,
      onEvent: (name, data) => {
        const event = readChannelEvent(name, data)
        if (event) dispatch({ type: 'arrived', event, at: Date.now() })
      },
      onSession: (data) => {
        const event = readChannelEvent('quiz_update', data)
        if (event?.kind !== 'quiz_update') return
        dispatch({ type: 'session_seen', session: event.data.session, seq: event.seq, at: Date.now() })
      },
      onLeaderboard: (data) => {
        const leaderboard = readLeaderboard(data)
        if (leaderboard) dispatch({ type: 'ranked', leaderboard })
      },
      onUnauthorized: (token) => {
        const again = () => isOpen && setRound((value) => value + 1)
        authSession.access({ token: token ?? '' }).then(again, () => undefined)
      },
    })
    return () => {
      isOpen = false
      disconnect()
    }
  }, [roomKey, dispatch, replay, round])

  return connection
}
