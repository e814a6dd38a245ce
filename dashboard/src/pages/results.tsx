/** The results of a live session: pupils by questions, how hard each question was, and the same table as a file. */
import { useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { api, unwrap } from '../api/client'
import { explain } from '../api/problem'
import { useClass, useResults, useSessions } from '../api/queries'
import type { LiveSession, Results } from '../api/types'
import { useClassNews } from '../live/use-class-news'
import { Button, ButtonLink } from '../ui/button'
import { SelectInput } from '../ui/fields'
import { Page } from '../ui/page'
import { saveFile } from '../ui/save-file'
import { EmptyState, ErrorState, Skeleton } from '../ui/states'
import { ResultsTable } from './results/results-table'
import './class/answers.css'
import './results/results.css'

/** The page; the session is in the address (`?session=`), the newest one without it. */
export default function ResultsPage({ classId }: { classId: string }) {
  const schoolClass = useClass(classId)
  const sessions = useSessions(classId)
  useClassNews(classId)
  const wanted = new URLSearchParams(useSearch()).get('session')
  const sessionId = wanted ?? sessions.data?.[0]?.id ?? null
  const results = useResults(classId, sessionId)
  const error = sessions.error ?? results.error
  const retry = () => {
    void sessions.refetch()
    if (sessionId !== null) void results.refetch()
  }

  return (
    <Page
      title="Results"
      parent={{ label: schoolClass.data?.name ?? 'Class', to: `/classes/${classId}` }}
      actions={
        results.data && (
          <>
            <Button onPress={() => void results.refetch()} isPending={results.isFetching}>
              Refresh
            </Button>
            <DownloadButton classId={classId} results={results.data} />
          </>
        )
      }
    >
      {error && !results.data ? (
        <ErrorState title="The results could not be loaded" error={error} onRetry={retry} />
      ) : sessions.data?.length === 0 ? (
        <EmptyState
          title="No results yet"
          action={
            <ButtonLink to={`/classes/${classId}`} variant="primary">
              Go to the class
            </ButtonLink>
          }
        >
          Results appear once a live session has been started. Prepare one on the page of the class.
        </EmptyState>
      ) : !results.data || !sessions.data ? (
        <Skeleton rows={4} />
      ) : (
        <div className="stack">
          <SessionPicker classId={classId} sessions={sessions.data} selected={results.data.session} />
          <ResultsTable results={results.data} />
        </div>
      )}
    </Page>
  )
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

interface SessionPickerProps {
  classId: string
  sessions: LiveSession[]
  selected: LiveSession
}

function SessionPicker({ classId, sessions, selected }: SessionPickerProps) {
  const [, navigate] = useLocation()
  const known = sessions.some((session) => session.id === selected.id) ? sessions : [selected, ...sessions]
  return (
    <div className="results-picker">
      <SelectInput
        label="Session"
        value={selected.id}
        onChange={(id) => navigate(`/classes/${classId}/results?session=${id}`)}
        options={known.map((session) => ({
          value: session.id,
          label: `${session.quiz_title}, ${dateTime.format(new Date(session.started_at ?? session.created_at))}`,
        }))}
      />
    </div>
  )
}

function DownloadButton({ classId, results }: { classId: string; results: Results }) {
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const download = async () => {
    setPending(true)
    setError(null)
    try {
      saveFile(fileName(results.session), await loadCsv(classId, results.session.id))
    } catch (cause) {
      setError(cause)
    } finally {
      setPending(false)
    }
  }
  return (
    <>
      <Button variant="primary" isPending={isPending} onPress={() => void download()}>
        Download CSV
      </Button>
      {error !== null && (
        <p className="field-error" role="alert">
          {explain(error)}
        </p>
      )}
    </>
  )
}

/** The server writes the file, from the query that the screen shows. */
async function loadCsv(classId: string, sessionId: string): Promise<Blob> {
  const answer: unknown = await unwrap(
    api.GET('/api/v1/classes/{class_id}/results', {
      params: { path: { class_id: classId }, query: { session_id: sessionId } },
      headers: { Accept: 'text/csv' },
      parseAs: 'blob',
    }),
  )
  return answer as Blob
}

function fileName(session: LiveSession): string {
  const title = session.quiz_title.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-|-$/g, '')
  return `results-${title || 'session'}-${session.created_at.slice(0, 10)}.csv`
}
