/** The quizzes of the school. */
import { Link } from 'wouter'
import { useQuizzes } from '../api/queries'
import { Button, ButtonLink } from '../ui/button'
import { Page } from '../ui/page'
import { EmptyState, ErrorState, Skeleton } from '../ui/states'
import '../quiz/quiz.css'

/** The list of quizzes. */
export default function QuizzesPage() {
  const quizzes = useQuizzes()
  const write = (
    <>
      <ButtonLink to="/quizzes/generate">Generate a quiz</ButtonLink>
      <ButtonLink to="/quizzes/new" variant="primary">
        New quiz
      </ButtonLink>
    </>
  )
  const hasNone = quizzes.data?.length === 0
  return (
    <Page title="Quizzes" actions={hasNone ? undefined : write}>
      {quizzes.isPending && <Skeleton />}
      {quizzes.isError && !quizzes.data && (
        <ErrorState
          title="Your quizzes could not be loaded"
          error={quizzes.error}
          onRetry={() => void quizzes.refetch()}
        />
      )}
      {hasNone && (
        <EmptyState title="Write your first quiz" action={<div className="row">{write}</div>}>
          Seven kinds of questions, from multiple choice to matching. Publish it, then start it live in a
          class.
        </EmptyState>
      )}
      {quizzes.data && !hasNone && (
        <ul className="card quiz-list">
          {quizzes.data.map((quiz) => (
            <li key={quiz.id} className="quiz-row">
              <div>
                <h2>
                  <Link href={`/quizzes/${quiz.id}`}>{quiz.title}</Link>
                </h2>
                <p className="muted small">
                  {quiz.subject} · Grade {quiz.grade_level} ·{' '}
                  {quiz.question_count === 1 ? '1 question' : `${quiz.question_count} questions`}
                </p>
              </div>
              {quiz.published_version == null ? (
                <span className="badge">Draft</span>
              ) : (
                <span className="badge badge-accent">Published, version {quiz.published_version}</span>
              )}
            </li>
          ))}
        </ul>
      )}
      {quizzes.hasNextPage && (
        <div className="list-more">
          <Button isPending={quizzes.isFetchingNextPage} onPress={() => void quizzes.fetchNextPage()}>
            Show more quizzes
          </Button>
        </div>
      )}
    </Page>
  )
}
