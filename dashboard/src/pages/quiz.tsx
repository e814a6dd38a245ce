/** One quiz: loads it, or starts an empty one, and hands it to the editor. */
import { useQuery } from '@tanstack/react-query'
import { api, unwrapWithEtag } from '../api/client'
import { keys } from '../api/queries'
import { newQuiz, toDraft } from '../quiz/draft'
import { QuizEditor } from '../quiz/quiz-editor'
import { Page } from '../ui/page'
import { ErrorState, Skeleton } from '../ui/states'
import '../quiz/quiz.css'

const PARENT = { label: 'Quizzes', to: '/quizzes' }

/** The page; `quizId` is `null` for a new quiz. */
export default function QuizPage({ quizId }: { quizId: string | null }) {
  return quizId === null ? <QuizEditor saved={null} initial={newQuiz()} /> : <ExistingQuiz quizId={quizId} />
}

function ExistingQuiz({ quizId }: { quizId: string }) {
  const query = useQuery({
    queryKey: keys.quiz(quizId),
    queryFn: () =>
      unwrapWithEtag(api.GET('/api/v1/quizzes/{quiz_id}', { params: { path: { quiz_id: quizId } } })),
    // What is being edited must not change under the hands; a conflict shows itself when saving.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  if (query.data) {
    const { data, etag } = query.data
    return (
      <QuizEditor
        saved={{ id: data.id, etag, publishedVersion: data.published_version ?? null }}
        initial={toDraft(data)}
      />
    )
  }
  return (
    <Page title="Quiz" parent={PARENT} isNarrow>
      {query.isError ? (
        <ErrorState
          title="The quiz could not be loaded"
          error={query.error}
          onRetry={() => void query.refetch()}
        />
      ) : (
        <Skeleton />
      )}
    </Page>
  )
}
