/** The live session: what state it is in, and the moves that this state allows. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { explain } from '../../api/problem'
import { keys } from '../../api/queries'
import type { LiveSession, ResultsQuestion } from '../../api/types'
import { allowedMoves, type Move } from '../../live/moves'
import type { LiveState } from '../../live/reducer'
import { openQuestions } from '../../live/stuck'
import { Button, ButtonLink } from '../../ui/button'
import { ConfirmButton } from '../../ui/dialog'
import { Countdown } from './countdown'
import { NewSessionForm } from './new-session-form'

export interface SessionCardProps {
  classId: string
  state: LiveState
  questions: ResultsQuestion[]
  onMoved: (session: LiveSession) => void
}

/** The card with the controls, or with the form that prepares the next session. */
export function SessionCard({ classId, state, questions, onMoved }: SessionCardProps) {
  const session = state.session
  const isOpen = session !== null && session.status !== 'ended'
  return (
    <section className="card session-card" aria-labelledby="session-title">
      <div className="card-head">
        <h2 id="session-title">{isOpen ? session.quiz_title : 'Live session'}</h2>
        {session && <StatusBadge session={session} />}
      </div>
      {isOpen ? (
        <>
          <SessionFacts session={session} state={state} questions={questions} />
          <SessionMoves session={session} classId={classId} onMoved={onMoved} />
        </>
      ) : (
        <>
          {session && (
            <p className="callout">
              <span>“{session.quiz_title}” has ended.</span>
              <ButtonLink to={`/classes/${classId}/results?session=${session.id}`} size="small">
                See its results
              </ButtonLink>
            </p>
          )}
          <NewSessionForm classId={classId} onCreated={onMoved} />
        </>
      )}
    </section>
  )
}

const STATUS_LABELS: Record<LiveSession['status'], string> = {
  lobby: 'Lobby',
  running: 'Running',
  paused: 'Paused',
  ended: 'Ended',
}

function StatusBadge({ session }: { session: LiveSession }) {
  const look = session.status === 'running' ? 'badge badge-accent' : 'badge'
  return (
    <span className="row" role="status" aria-label="State of the session">
      {session.frozen && session.status !== 'ended' && (
        <span className="badge badge-warn">Frozen: eyes on you</span>
      )}
      <span className={session.status === 'paused' ? 'badge badge-warn' : look}>
        {STATUS_LABELS[session.status]}
      </span>
    </span>
  )
}

function SessionFacts({
  session,
  state,
  questions,
}: {
  session: LiveSession
  state: LiveState
  questions: ResultsQuestion[]
}) {
  const seats = [...state.seats.values()].filter((seat) => seat.status === 'active')
  const here = seats.filter((seat) => seat.online).length
  const open = openQuestions(
    session,
    questions.map((question) => question.id),
  )
  const given = seats.reduce(
    (sum, seat) => sum + open.filter((id) => state.answers.get(seat.id)?.has(id)).length,
    0,
  )
  const current = questions[session.question_index ?? -1]
  return (
    <>
      <dl className="facts">
        <div>
          <dt>Here</dt>
          <dd>{here}</dd>
        </div>
        <div>
          <dt>{session.pace === 'host' ? 'Question' : 'Questions'}</dt>
          <dd>
            {session.pace === 'host' ? `${(session.question_index ?? -1) + 1} of ` : ''}
            {session.question_count}
          </dd>
        </div>
        {session.ends_at && session.status === 'running' && (
          <div>
            <dt>Time left</dt>
            <dd>
              <Countdown endsAt={session.ends_at} />
            </dd>
          </div>
        )}
      </dl>
      {session.pace === 'host' && session.status !== 'lobby' && (
        <p className="current-question">
          {current ? current.prompt : 'No question is open yet. Open the first one when everybody is ready.'}
        </p>
      )}
      {session.status !== 'lobby' && open.length > 0 && (
        <Progress given={given} expected={seats.length * open.length} />
      )}
      {session.status === 'lobby' && (
        <p className="muted">
          Pupils gather in the game.{' '}
          {session.pace === 'self'
            ? 'When you start, all questions open and everybody works at their own speed.'
            : 'When you start, you open the questions one by one.'}
        </p>
      )}
    </>
  )
}

/** How many of the answers that can be given now have been given, by everybody together. */
function Progress({ given, expected }: { given: number; expected: number }) {
  const share = expected === 0 ? 0 : given / expected
  return (
    <div className="progress">
      <span className="muted small">
        {given} of {expected} answers
      </span>
      <div className="progress-track" aria-hidden="true">
        <div className="progress-fill" style={{ width: `${Math.min(100, share * 100)}%` }} />
      </div>
    </div>
  )
}

const MOVE_LABELS: Record<Move, string> = {
  start: 'Start',
  next: 'Next question',
  pause: 'Pause',
  resume: 'Resume',
  freeze: 'Freeze',
  unfreeze: 'Unfreeze',
  end: 'End session',
}

function SessionMoves({
  session,
  classId,
  onMoved,
}: {
  session: LiveSession
  classId: string
  onMoved: (session: LiveSession) => void
}) {
  const client = useQueryClient()
  const [pending, setPending] = useState<Move | null>(null)
  const [error, setError] = useState<unknown>(null)

  const move = async (name: Move) => {
    const moved = await unwrap(
      api.POST('/api/v1/live-sessions/{session_id}/{move}', {
        params: { path: { session_id: session.id, move: name } },
      }),
    )
    void client.invalidateQueries({ queryKey: keys.sessions(classId) })
    onMoved(moved)
  }
  const press = async (name: Move) => {
    setPending(name)
    setError(null)
    try {
      await move(name)
    } catch (cause) {
      setError(cause)
    } finally {
      setPending(null)
    }
  }
  const moves = allowedMoves(session)

  return (
    <div className="stack">
      <div className="row">
        {moves.map((name, index) =>
          name === 'end' ? (
            <ConfirmButton
              key={name}
              variant="danger"
              title={session.status === 'lobby' ? 'Give up this session?' : 'End the session?'}
              consequence={
                session.status === 'lobby'
                  ? 'It has not started; nothing is lost.'
                  : 'Nobody can answer any more, and it cannot be opened again. All answers are kept.'
              }
              confirmLabel="End it"
              onConfirm={() => move('end')}
            >
              {MOVE_LABELS.end}
            </ConfirmButton>
          ) : (
            <Button
              key={name}
              variant={index === 0 && name !== 'pause' ? 'primary' : 'secondary'}
              isPending={pending === name}
              isDisabled={pending !== null && pending !== name}
              onPress={() => void press(name)}
            >
              {MOVE_LABELS[name]}
            </Button>
          ),
        )}
      </div>
      {error !== null && (
        <p className="field-error" role="alert">
          {explain(error)}
        </p>
      )}
    </div>
  )
}
