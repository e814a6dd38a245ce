/** Answers as they come: pupils by questions, who needs help first. */
import type { ResultsQuestion, Seat } from '../../api/types'
import type { AnswerCell, LiveState } from '../../live/reducer'
import { openQuestions, type StuckReason, stuckReason } from '../../live/stuck'
import { ScrollRegion } from '../../ui/scroll-region'
import { useNow } from '../../ui/use-now'

/** Often enough for "silent for a minute". */
const STUCK_CHECK_MS = 5_000

/** The grid of the current session. */
export function AnswersCard({ state, questions }: { state: LiveState; questions: ResultsQuestion[] }) {
  const now = useNow(STUCK_CHECK_MS)
  const session = state.session
  if (!session || session.status === 'lobby') {
    return (
      <section className="card" aria-labelledby="answers-title">
        <h2 id="answers-title">Answers</h2>
        <p className="muted">
          {session
            ? 'They appear here as soon as you start the session.'
            : 'Prepare a session and start it; answers appear here.'}
        </p>
      </section>
    )
  }
  const seats = [...state.seats.values()]
    .filter((seat) => seat.status === 'active')
    .sort((a, b) => a.display_name.localeCompare(b.display_name))
  const open = openQuestions(
    session,
    questions.map((question) => question.id),
  )
  const stuck = new Map(
    seats.flatMap((seat): [string, StuckReason][] => {
      const reason = stuckReason(state, seat, open, now)
      return reason ? [[seat.id, reason]] : []
    }),
  )
  return (
    <section className="card" aria-labelledby="answers-title">
      <div className="card-head">
        <h2 id="answers-title">Answers</h2>
        <p className="muted small legend">
          <span>
            <Mark cell={{ correct: true }} /> correct
          </span>
          <span>
            <Mark cell={{ correct: false }} /> wrong
          </span>
          <span>
            <Mark /> not yet
          </span>
        </p>
      </div>
      <NeedHelp seats={seats} stuck={stuck} />
      {seats.length === 0 ? (
        <p className="muted">Nobody has joined yet. Show the join code; pupils appear as they enter it.</p>
      ) : (
        <AnswersTable seats={seats} questions={questions} state={state} stuck={stuck} />
      )}
    </section>
  )
}

function NeedHelp({ seats, stuck }: { seats: Seat[]; stuck: Map<string, StuckReason> }) {
  const names = seats.filter((seat) => stuck.has(seat.id))
  if (names.length === 0) return null
  return (
    <div className="callout callout-warn need-help">
      <h3>Could use help</h3>
      <ul>
        {names.map((seat) => {
          const reason = stuck.get(seat.id)
          return (
            <li key={seat.id}>
              <strong>{seat.display_name}</strong> {reason && sentence(reason)}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function sentence(reason: StuckReason): string {
  if (reason.kind === 'wrong_in_a_row') return `${reason.count} wrong in a row`
  const minutes = Math.floor(reason.seconds / 60)
  return `no answer for ${minutes} min`
}

interface TableProps {
  seats: Seat[]
  questions: ResultsQuestion[]
  state: LiveState
  stuck: Map<string, StuckReason>
}

function AnswersTable({ seats, questions, state, stuck }: TableProps) {
  return (
    <ScrollRegion label="Answers by pupil and question">
      <table className="answers">
        <thead>
          <tr>
            <th scope="col">Pupil</th>
            {questions.map((question, index) => (
              <th key={question.id} scope="col" title={question.prompt}>
                <span aria-hidden="true">{index + 1}</span>
                <span className="sr-only">
                  Question {index + 1}: {question.prompt}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {seats.map((seat) => (
            <tr key={seat.id} data-stuck={stuck.has(seat.id) || undefined}>
              <th scope="row">
                {seat.display_name}
                {!seat.online && <span className="muted small"> away</span>}
              </th>
              {questions.map((question) => (
                <AnswerTd key={question.id} cell={state.answers.get(seat.id)?.get(question.id)} />
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Correct</th>
            {questions.map((question) => (
              <td key={question.id} className="numbers small">
                {shareCorrect(state, question.id)}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
    </ScrollRegion>
  )
}

function AnswerTd({ cell }: { cell: AnswerCell | undefined }) {
  const spoken = cell ? `${cell.correct ? 'correct' : 'wrong'}, ${cell.points} points` : 'not yet'
  return (
    <td>
      <Mark {...(cell && { cell })} />
      <span className="sr-only">{spoken}</span>
    </td>
  )
}

/** A shape, not only a colour: a tick, a cross, a dot. */
function Mark({ cell }: { cell?: { correct: boolean } }) {
  const kind = cell ? (cell.correct ? 'right' : 'wrong') : 'open'
  return (
    <span className={`mark mark-${kind}`} aria-hidden="true">
      {kind === 'right' ? '✓' : kind === 'wrong' ? '✗' : '·'}
    </span>
  )
}

function shareCorrect(state: LiveState, questionId: string): string {
  const given = [...state.answers.values()].flatMap((cells) => cells.get(questionId) ?? [])
  if (given.length === 0) return '–'
  return `${Math.round((100 * given.filter((cell) => cell.correct).length) / given.length)} %`
}
