/** Marks reads as old, and those that are on the screen are read again; however much happens, once in a while. */
import { hashKey, type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'

/** A class answers many times a second; a table that changes this often can still be read. */
const GATHER_MS = 2_000

/** The returned function stays the same. */
export function useStale(): (stale: readonly QueryKey[]) => void {
  const client = useQueryClient()
  const gathered = useRef(new Map<string, QueryKey>())
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)

  const flush = useCallback(() => {
    timer.current = undefined
    const keys = [...gathered.current.values()]
    gathered.current.clear()
    for (const queryKey of keys) void client.invalidateQueries({ queryKey })
  }, [client])

  useEffect(() => {
    return () => {
      clearTimeout(timer.current)
      flush()
    }
  }, [flush])

  return useCallback(
    (stale) => {
      for (const key of stale) gathered.current.set(hashKey(key), key)
      if (gathered.current.size > 0) timer.current ??= setTimeout(flush, GATHER_MS)
    },
    [flush],
  )
}
