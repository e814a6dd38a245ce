/** One class: its join code, the live session and its controls, answers as they come, who is there, the leaderboard. */
import { useState } from 'react'
import { useClass } from '../api/queries'
import type { SchoolClass } from '../api/types'
import { shownBoard } from '../live/reducer'
import { useLiveClass } from '../live/use-live-class'
import { Button, ButtonLink } from '../ui/button'
import { Page } from '../ui/page'
import { ErrorState, Skeleton } from '../ui/states'
import { AnswersCard } from './class/answers-card'
import { AwardsCard } from './class/awards-card'
import { ConnectionBadge, ConnectionBanner } from './class/connection-banner'
import { JoinCodeCard } from './class/join-code-card'
import { Leaderboard } from './class/leaderboard'
import { SeatsCard } from './class/seats-card'
import { SessionCard } from './class/session-card'
import { TeachersCard } from './class/teachers-card'
import { useSessionQuestions } from './class/use-session-questions'
import { WebhooksCard } from './class/webhooks-card'
import { ClassDialog } from './class-dialog'
import './class/class.css'
import './class/answers.css'

/** Loads the class, then follows it live. */
export default function ClassPage({ classId }: { classId: string }) {
  const schoolClass = useClass(classId)
  if (schoolClass.data) return <LiveClassPage schoolClass={schoolClass.data} />
  return (
    <Page title="Class" parent={{ label: 'Classes', to: '/classes' }}>
      {schoolClass.isError ? (
        <ErrorState
          title="The class could not be loaded"
          error={schoolClass.error}
          onRetry={() => void schoolClass.refetch()}
        />
      ) : (
        <Skeleton />
      )}
    </Page>
  )
}

function LiveClassPage({ schoolClass }: { schoolClass: SchoolClass }) {
  const live = useLiveClass(schoolClass)
  const [isEditing, setEditing] = useState(false)
  const base = `/classes/${schoolClass.id}`
  return (
    <>
      <ConnectionBanner room={live.room} />
      <Page
        title={schoolClass.name}
        parent={{ label: 'Classes', to: '/classes' }}
        subtitle={
          <>
            {schoolClass.subject} · Grade {schoolClass.grade_level} <ConnectionBadge room={live.room} />
          </>
        }
        actions={
          <>
            <Button onPress={() => setEditing(true)}>Edit class</Button>
            <ButtonLink to={`${base}/results`}>Results</ButtonLink>
            <ButtonLink to={`${base}/projector`}>Projector view</ButtonLink>
          </>
        }
      >
        {live.error ? (
          <ErrorState title="The live class could not be loaded" error={live.error} onRetry={live.retry} />
        ) : (
          <LiveClassBody schoolClass={schoolClass} live={live} />
        )}
        <ClassDialog isOpen={isEditing} onClose={() => setEditing(false)} existing={schoolClass} />
      </Page>
    </>
  )
}

function LiveClassBody({
  schoolClass,
  live,
}: {
  schoolClass: SchoolClass
  live: ReturnType<typeof useLiveClass>
}) {
  const questions = useSessionQuestions(schoolClass.id, live.state.session)
  const { state } = live
  const board = shownBoard(state)
  return (
    <div className="class-layout">
      <div className="class-top">
        <JoinCodeCard schoolClass={schoolClass} />
        {live.isLoading ? (
          <Skeleton rows={1} height="14rem" />
        ) : (
          <SessionCard
            classId={schoolClass.id}
            state={state}
            questions={questions}
            onMoved={(session) => live.dispatch({ type: 'session_moved', session, at: Date.now() })}
          />
        )}
      </div>
      {live.isLoading ? (
        <Skeleton rows={4} />
      ) : (
        <>
          <div className="class-main">
            <AnswersCard state={state} questions={questions} />
            <AwardsCard state={state} />
            <SeatsCard
              schoolClass={schoolClass}
              state={state}
              onMoved={(seat) => live.dispatch({ type: 'seat_moved', seat })}
            />
            <TeachersCard classId={schoolClass.id} />
            <WebhooksCard schoolClass={schoolClass} />
          </div>
          <section className="card class-side" aria-labelledby="leaderboard-title">
            <div className="card-head">
              <h2 id="leaderboard-title">Leaderboard</h2>
              <span className="badge">{board?.window === 'session' ? 'This session' : 'All time'}</span>
            </div>
            <Leaderboard board={board} labelledBy="leaderboard-title" />
          </section>
        </>
      )}
    </div>
  )
}
