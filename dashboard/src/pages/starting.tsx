/** While it is not known yet who is signed in: calm, and without a flash of the sign-in page. */
import { useEffect } from 'react'
import { session } from '../auth/use-session'
import { BrandMark } from '../ui/brand'
import { Button } from '../ui/button'
import { LoadingPage } from '../ui/states'

/** The frame of the dashboard, still empty. */
export function StartingPage({ isOffline }: { isOffline: boolean }) {
  useEffect(() => {
    document.title = 'ToolboxAI Edge'
  }, [])
  return (
    <>
      <header className="site-header">
        <div className="site-header-inner">
          <span className="brand">
            <BrandMark />
            ToolboxAI Edge
          </span>
        </div>
      </header>
      {isOffline ? <Unreachable /> : <LoadingPage />}
    </>
  )
}

function Unreachable() {
  return (
    <main className="page" id="main">
      <div className="state" role="status">
        <h1>The server cannot be reached</h1>
        <p>You are still signed in, if you were. This page tries again by itself.</p>
        <Button variant="primary" onPress={() => session.retryNow()}>
          Try now
        </Button>
      </div>
    </main>
  )
}
