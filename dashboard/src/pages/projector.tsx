/** What the class sees on the wall: the join code, and the ten best while a session runs. No controls but the way back. */
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import { useClass } from '../api/queries'
import type { SchoolClass } from '../api/types'
import { useKeepActive } from '../auth/use-session'
import { shownBoard } from '../live/reducer'
import { useLiveClass } from '../live/use-live-class'
import { Button } from '../ui/button'
import { ErrorState, LoadingPage } from '../ui/states'
import { ConnectionBanner } from './class/connection-banner'
import { Countdown } from './class/countdown'
import { Leaderboard } from './class/leaderboard'
import { useSessionQuestions } from './class/use-session-questions'
import './projector.css'

/** As many rows as can be read from the last row of a classroom. */
const SHOWN_LEADERS = 10

/** Loads the class, then shows it large. */
export default function ProjectorPage({ classId }: { classId: string }) {
  const schoolClass = useClass(classId)
  useEffect(() => {
    document.title = 'Projector · ToolboxAI Edge'
  }, [])
  if (schoolClass.data) return <Projection schoolClass={schoolClass.data} />
  if (!schoolClass.isError) return <LoadingPage />
  return (
    <main className="page" id="main">
      <h1>Projector view</h1>
      <ErrorState
        title="The class could not be loaded"
        error={schoolClass.error}
        onRetry={() => void schoolClass.refetch()}
      />
    </main>
  )
}

function Projection({ schoolClass }: { schoolClass: SchoolClass }) {
  const live = useLiveClass(schoolClass)
  const { session } = live.state
  const questions = useSessionQuestions(schoolClass.id, session)
  useKeepActive(session !== null && session.status !== 'ended')
  const isPlaying = session !== null && session.status !== 'lobby'
  const current = session?.status === 'running' ? questions[session.question_index ?? -1] : undefined
  const here = [...live.state.seats.values()].filter((seat) => seat.status === 'active' && seat.online).length

  return (
    <>
      <ConnectionBanner room={live.room} />
      <main id="main" className={isPlaying ? 'projector projector-playing' : 'projector'}>
        <header className="projector-bar">
          <Link href={`/classes/${schoolClass.id}`}>← Back to the class</Link>
          <FullScreenButton />
        </header>
        <div className="projector-code">
          <h1>{schoolClass.name}</h1>
          {schoolClass.join_code ? (
            <>
              <p className="projector-hint">Type this code in the game</p>
              <p className="projector-letters">{schoolClass.join_code}</p>
            </>
          ) : (
            <p className="projector-hint">The class is closed for new pupils.</p>
          )}
          {!live.isLoading && (
            <p className="projector-hint numbers">
              {here === 1 ? '1 pupil is here' : `${here} pupils are here`}
              {session?.status === 'running' && session.ends_at && (
                <>
                  {' · '}
                  <Countdown endsAt={session.ends_at} /> left
                </>
              )}
            </p>
          )}
          {session?.frozen && session.status !== 'ended' && (
            <p className="callout callout-warn">Eyes on the teacher</p>
          )}
          {current && <p className="projector-question">{current.prompt}</p>}
        </div>
        {isPlaying && (
          <section aria-labelledby="projector-leaders" className="projector-board">
            <h2 id="projector-leaders">{session.status === 'ended' ? 'Final ranking' : 'Leaderboard'}</h2>
            <Leaderboard
              board={shownBoard(live.state)}
              labelledBy="projector-leaders"
              limit={SHOWN_LEADERS}
              isLarge
            />
          </section>
        )}
      </main>
    </>
  )
}

function FullScreenButton() {
  const [isFull, setFull] = useState(document.fullscreenElement !== null)
  useEffect(() => {
    const update = () => setFull(document.fullscreenElement !== null)
    document.addEventListener('fullscreenchange', update)
    return () => document.removeEventListener('fullscreenchange', update)
  }, [])
  if (!document.fullscreenEnabled) return null
  const toggle = () => (isFull ? document.exitFullscreen() : document.documentElement.requestFullscreen())
  return (
    // A browser may refuse full screen; the page then simply stays as it is.
    <Button size="small" onPress={() => void toggle().catch(() => undefined)}>
      {isFull ? 'Leave full screen' : 'Full screen'}
    </Button>
  )
}
