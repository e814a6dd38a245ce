/** What was generated, with its keys and explanations, and who generated it. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { idempotencyKeys } from '../../api/forms'
import { keys } from '../../api/queries'
import type { Generated, Question, QuizIn } from '../../api/types'
import { QUESTION_TYPES } from '../../quiz/draft'
import { Button } from '../../ui/button'
import { FormError } from '../../ui/form-error'
import { notify } from '../../ui/notices'
import { useForm } from '../../ui/use-form'
import { shownParts } from './shown-key'
import './generate.css'

const GENERATORS: Record<string, string> = {
  builtin: 'Made by rules, not by a language model.',
}

export interface DraftPreviewProps {
  draft: Generated
  onSaved: (quizId: string) => void
}

export function DraftPreview({ draft, onSaved }: DraftPreviewProps) {
  const { content, quiz } = draft
  return (
    <section className="card" aria-labelledby="draft-title">
      <div className="card-head">
        <h2 id="draft-title">{content.title}</h2>
        <span className="badge">Not saved yet</span>
      </div>
      <div className="stack">
        <p className="callout">
          {GENERATORS[content.generator] ?? `Made by ${content.generator}.`} {content.about} Read every
          question before you use it.
        </p>
        {content.notes.length > 0 && (
          <ul className="callout callout-warn draft-notes" aria-label="What was not done as wished">
            {content.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        {quiz ? (
          <>
            <ol className="draft-questions" aria-label="Questions">
              {quiz.questions.map((question, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the draft never changes, and questions have no id yet
                <QuestionPreview key={index} question={question} number={index + 1} />
              ))}
            </ol>
            <SaveForm quiz={quiz} onSaved={onSaved} />
          </>
        ) : (
          <p>No questions came of this.</p>
        )}
      </div>
    </section>
  )
}

function QuestionPreview({ question, number }: { question: Question; number: number }) {
  const type = QUESTION_TYPES.find((known) => known.type === question.type)?.label ?? question.type
  return (
    <li className="draft-question">
      <p className="muted small">
        {number} · {type}
      </p>
      <p className="draft-prompt">{question.prompt}</p>
      <ul className="draft-parts">
        {shownParts(question).map(({ text, isKey }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two parts may have the same text
          <li key={index} className={isKey ? 'draft-key' : undefined}>
            {text}
            {isKey && <span className="sr-only"> (right)</span>}
          </li>
        ))}
      </ul>
      {question.explanation && <p className="muted">{question.explanation}</p>}
    </li>
  )
}

function SaveForm({ quiz, onSaved }: { quiz: QuizIn; onSaved: (quizId: string) => void }) {
  const client = useQueryClient()
  const [keyFor] = useState(idempotencyKeys)
  const { isPending, error, onSubmit } = useForm(async () => {
    const params = { header: { 'Idempotency-Key': keyFor(quiz) } }
    const saved = await unwrap(api.POST('/api/v1/quizzes', { params, body: quiz }))
    await client.invalidateQueries({ queryKey: keys.quizzes })
    notify('Saved as a draft. Look it over, then publish it.')
    onSaved(saved.id)
  })
  return (
    <form className="stack" onSubmit={onSubmit}>
      <FormError error={error} />
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Save as a quiz
        </Button>
      </div>
    </form>
  )
}
