/** What stands behind the `#` of an address, which browsers send to nobody: one-time tokens, codes. */
import { useEffect, useState } from 'react'

/** What the fragment holds, or null. */
type Read = (hash: string) => string | null

/**
 * What to do with what the address holds once the page is drawn, when it was drawn with `drawn`: take it out, where it would stay in the
 * history, or begin anew with another link that was opened in this very tab meanwhile.
 */
export function onceDrawn(drawn: string | null, now: string | null): 'nothing' | 'hide' | 'begin anew' {
  if (now === null) return 'nothing'
  return now === drawn ? 'hide' : 'begin anew'
}

/** Reads the fragment once, with a function that is the same at every call, then takes it out of the address. */
export function useFragment(read: Read): string | null {
  const [drawn] = useState(() => read(window.location.hash))
  useEffect(() => {
    const next = onceDrawn(drawn, read(window.location.hash))
    if (next === 'hide') window.history.replaceState(window.history.state, '', window.location.pathname)
    if (next === 'begin anew') window.location.reload()
    // Another link that is opened in this very tab changes nothing but the fragment.
    const startAnew = () => read(window.location.hash) !== null && window.location.reload()
    window.addEventListener('hashchange', startAnew)
    return () => window.removeEventListener('hashchange', startAnew)
  }, [drawn, read])
  return drawn
}
