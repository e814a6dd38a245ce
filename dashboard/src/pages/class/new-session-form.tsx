/** Preparing a live session: which quiz, at whose pace, for how long. */
import { type FormEvent, useState } from 'react'
import { api, unwrap } from '../../api/client'
import { fieldErrors, idempotencyKeys } from '../../api/forms'
import { explain } from '../../api/problem'
import { useQuizzes } from '../../api/queries'
import type { LiveSession } from '../../api/types'
import { Button, ButtonLink } from '../../ui/button'
import { RadioInput, SelectInput } from '../../ui/fields'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states'

const TIME_LIMITS = [
  { value: '', label: 'No limit' },
  ...[2, 5, 10, 15, 20, 30, 45, 60].map((minutes) => ({
    value: String(minutes * 60),
    label: `${minutes} minutes`,
  })),
]

/** The form, or what to do first when there is no quiz to play. */
export function NewSessionForm({
  classId,
  onCreated,
}: {
  classId: string
  onCreated: (session: LiveSession) => void
}) {
  const quizzes = useQuizzes()
  const published = (quizzes.data ?? []).filter((quiz) => quiz.published_version != null)
  if (quizzes.isPending) return <Skeleton rows={2} height="2.75rem" />
  if (quizzes.isError && !quizzes.data) {
    return (
      <ErrorState
        title="Your quizzes could not be loaded"
        error={quizzes.error}
        onRetry={() => void quizzes.refetch()}
      />
    )
  }
  if (published.length === 0) {
    const isEmpty = quizzes.data?.length === 0
    return (
      <EmptyState
        title={isEmpty ? 'No quiz yet' : 'No quiz is published yet'}
        action={
          <ButtonLink to={isEmpty ? '/quizzes/new' : '/quizzes'} variant="primary">
            {isEmpty ? 'Write a quiz' : 'Go to your quizzes'}
          </ButtonLink>
        }
      >
        A live session plays a published quiz.{' '}
        {isEmpty ? 'Write one and publish it' : 'Open one and publish it'}, then come back here.
      </EmptyState>
    )
  }
  return (
    <Fields
      classId={classId}
      quizzes={published.map(({ id, title }) => ({ value: id, label: title }))}
      onCreated={onCreated}
      {...(quizzes.hasNextPage && { onMore: () => void quizzes.fetchNextPage() })}
    />
  )
}

interface FieldsProps {
  classId: string
  quizzes: { value: string; label: string }[]
  onCreated: (session: LiveSession) => void
  onMore?: () => void
}

function Fields({ classId, quizzes, onCreated, onMore }: FieldsProps) {
  const [chosenQuiz, setQuiz] = useState('')
  const [pace, setPace] = useState<'self' | 'host'>('self')
  const [limit, setLimit] = useState('')
  const [keyFor] = useState(idempotencyKeys)
  const [error, setError] = useState<unknown>(null)
  const [isPending, setPending] = useState(false)
  const errors = fieldErrors(error)
  const quizId = chosenQuiz || (quizzes[0]?.value ?? '')

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isPending) return
    setPending(true)
    setError(null)
    const body = { quiz_id: quizId, pace, ...(limit !== '' && { time_limit_s: Number(limit) }) }
    const params = { path: { class_id: classId }, header: { 'Idempotency-Key': keyFor(body) } }
    try {
      onCreated(await unwrap(api.POST('/api/v1/classes/{class_id}/live-sessions', { params, body })))
    } catch (cause) {
      setError(cause)
    } finally {
      setPending(false)
    }
  }

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="field-grid">
        <SelectInput
          label="Quiz"
          value={quizId}
          onChange={setQuiz}
          options={quizzes}
          error={errors.at('/quiz_id')}
        />
        <SelectInput
          label="Time limit"
          value={limit}
          onChange={setLimit}
          options={TIME_LIMITS}
          error={errors.at('/time_limit_s')}
        />
      </div>
      <RadioInput
        label="Pace"
        value={pace}
        onChange={(value) => setPace(value === 'host' ? 'host' : 'self')}
        options={[
          { value: 'self', label: 'Own pace', hint: 'all questions open at once' },
          { value: 'host', label: 'Your pace', hint: 'you open one question after the other' },
        ]}
      />
      {error !== null && (
        <p className="field-error" role="alert">
          {explain(error)}
        </p>
      )}
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Prepare the session
        </Button>
        {onMore && (
          <Button variant="quiet" onPress={onMore}>
            Load more quizzes
          </Button>
        )}
      </div>
    </form>
  )
}
