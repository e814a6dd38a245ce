/** The table of results. A cell has the mark, the points, the time, and the attempts when there was more than one. */
import type { Results, ResultsQuestion } from '../../api/types'
import { ScrollRegion } from '../../ui/scroll-region'
import { formatMs, isoDuration } from './time'

type Row = Results['rows'][number]
type Answer = Row['answers'][number]

/** The whole table, with the difficulty of each question drawn above its column. */
export function ResultsTable({ results }: { results: Results }) {
  const { questions, rows } = results
  if (rows.length === 0) {
    return (
      <p className="callout">
        Nobody has answered in this session yet. Answers appear here as they are given.
      </p>
    )
  }
  return (
    <>
      <ScrollRegion className="card results-card" label="Results by pupil and question">
        <table className="answers results">
          <thead>
            <tr>
              <th scope="col">Pupil</th>
              <th scope="col">Points</th>
              <th scope="col">Correct</th>
              <th scope="col">Answered</th>
              <th scope="col">Time</th>
              {questions.map((question, index) => (
                <th key={question.id} scope="col" title={question.prompt}>
                  <span aria-hidden="true">Q{index + 1}</span>
                  <span className="sr-only">
                    Question {index + 1}: {question.prompt}
                  </span>
                  <Facility question={question} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <ResultsRow key={row.seat_id} row={row} questions={questions} />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <QuestionList questions={questions} />
    </>
  )
}

function ResultsRow({ row, questions }: { row: Row; questions: ResultsQuestion[] }) {
  const answers = new Map(row.answers.map((answer) => [answer.question_id, answer]))
  return (
    <tr>
      <th scope="row">{row.display_name}</th>
      <td className="numbers">
        <strong>{row.points}</strong>
      </td>
      <td className="numbers">{row.correct}</td>
      <td className="numbers">{row.answered}</td>
      <td className="numbers">
        <Duration ms={row.ms} />
      </td>
      {questions.map((question) => (
        <AnswerTd key={question.id} answer={answers.get(question.id)} />
      ))}
    </tr>
  )
}

function AnswerTd({ answer }: { answer: Answer | undefined }) {
  if (!answer || answer.attempts === 0) {
    return (
      <td>
        <span className="mark mark-open" aria-hidden="true">
          ·
        </span>
        <span className="sr-only">not answered</span>
      </td>
    )
  }
  return (
    <td className="numbers">
      <span className={answer.correct ? 'mark mark-right' : 'mark mark-wrong'} aria-hidden="true">
        {answer.correct ? '✓' : '✗'}
      </span>{' '}
      <span className="sr-only">{answer.correct ? 'correct' : 'wrong'}, </span>
      <span className="result-points">{answer.points}</span>
      <span className="result-detail muted small">
        <Duration ms={answer.ms ?? null} />
        {answer.attempts > 1 && <span className="result-attempts"> {answer.attempts} tries</span>}
      </span>
    </td>
  )
}

function Duration({ ms }: { ms: number | null }) {
  if (ms === null) return <>–</>
  return <time dateTime={isoDuration(ms)}>{formatMs(ms)}</time>
}

/** How many of those who answered got full marks: a high bar is an easy question. */
function Facility({ question }: { question: ResultsQuestion }) {
  const facility = question.facility ?? null
  const percent = facility === null ? null : Math.round(facility * 100)
  return (
    <span className="facility">
      <span className="facility-bar" aria-hidden="true">
        <span className="facility-fill" style={{ height: `${percent ?? 0}%` }} />
      </span>
      <span className="numbers">
        {percent === null ? '–' : `${percent} %`}
        <span className="sr-only"> got full marks</span>
      </span>
    </span>
  )
}

function QuestionList({ questions }: { questions: ResultsQuestion[] }) {
  return (
    <section className="card" aria-labelledby="questions-title">
      <div className="card-head">
        <h2 id="questions-title">The questions</h2>
        <p className="muted small">The bars above show how many of those who answered got full marks.</p>
      </div>
      <ol className="question-list">
        {questions.map((question) => (
          <li key={question.id}>
            {question.prompt} <span className="muted small">({question.points} points)</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
