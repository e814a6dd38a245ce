/** The one-time token of a link in a mail: it is behind the `#`, which browsers send to nobody. */
import { useEffect, useState } from 'react'

/** The token in a fragment like `#token=…`, or null. */
export function tokenIn(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') || null
}

/** Reads the token once, then takes it out of the address, where it would stay in the history. */
export function useLinkToken(): string | null {
  const [token] = useState(() => tokenIn(window.location.hash))
  useEffect(() => {
    if (token !== null) window.history.replaceState(window.history.state, '', window.location.pathname)
  }, [token])
  useEffect(() => {
    // Another link that is opened in this very tab changes nothing but the fragment.
    const startAnew = () => tokenIn(window.location.hash) !== null && window.location.reload()
    window.addEventListener('hashchange', startAnew)
    return () => window.removeEventListener('hashchange', startAnew)
  }, [])
  return token
}
