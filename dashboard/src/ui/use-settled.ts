/** A value that has stopped changing. */
import { useEffect, useState } from 'react'

/** The value as it was when it had not changed for `forMs`. */
export function useSettled<T>(value: T, forMs = 300): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), forMs)
    return () => clearTimeout(timer)
  }, [value, forMs])
  return settled
}
