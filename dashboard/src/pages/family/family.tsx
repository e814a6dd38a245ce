/** A parent's page: the children whose seats are linked, and a code for one more. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { ApiError } from '../../api/problem'
import { loadAll, pageQuery, usePages } from '../../api/queries'
import type { GuardianLink, PupilSession } from '../../api/types'
import { Button } from '../../ui/button'
import { When } from '../../ui/dates'
import { ConfirmButton } from '../../ui/dialog'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { More } from '../../ui/more'
import { notify } from '../../ui/notices'
import { Page } from '../../ui/page'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'

const LINKS_KEY = ['guardian-links']

/** The list, and the field for a code. */
export default function FamilyPage() {
  const links = useQuery({
    queryKey: LINKS_KEY,
    queryFn: () => loadAll((query) => unwrap(api.GET('/api/v1/guardians/links', { params: { query } }))),
  })
  return (
    <Page title="Your children" isNarrow>
      <div className="stack">
        {links.data ? (
          <Children links={links.data} />
        ) : links.isError ? (
          <ErrorState
            title="Your children could not be loaded"
            error={links.error}
            onRetry={() => void links.refetch()}
          />
        ) : (
          <Skeleton rows={2} height="4rem" />
        )}
        <section className="card" aria-labelledby="code-title">
          <div className="card-head">
            <h2 id="code-title">Enter a code</h2>
          </div>
          <CodeForm />
        </section>
      </div>
    </Page>
  )
}

function Children({ links }: { links: GuardianLink[] }) {
  if (links.length === 0) {
    return (
      <EmptyState title="No child is linked yet">
        Ask the teacher for a code for your child, then enter it below.
      </EmptyState>
    )
  }
  return (
    <>
      {links.map((link) => (
        <Child key={link.id} link={link} />
      ))}
    </>
  )
}

function Child({ link }: { link: GuardianLink }) {
  const client = useQueryClient()
  const unlink = async () => {
    const params = { path: { link_id: link.id } }
    await unwrap(api.DELETE('/api/v1/guardians/links/{link_id}', { params }))
    await client.invalidateQueries({ queryKey: LINKS_KEY })
    notify(`${link.display_name} is no longer linked.`)
  }
  return (
    <section className="card" aria-labelledby={`child-${link.id}`}>
      <div className="card-head">
        <span className="row-main">
          <h2 id={`child-${link.id}`}>{link.display_name}</h2>
          <span className="muted small">{link.class_name}</span>
        </span>
        <ConfirmButton
          size="small"
          variant="quiet"
          aria-label={`Unlink ${link.display_name}`}
          title={`Unlink ${link.display_name}?`}
          consequence="You no longer see this child. For a new link the teacher has to give you another code."
          confirmLabel="Unlink"
          onConfirm={unlink}
        >
          Unlink
        </ConfirmButton>
      </div>
      <Results link={link} />
    </section>
  )
}

/** What the child made of each session, newest first. */
function Results({ link }: { link: GuardianLink }) {
  const results = usePages(['pupil-results', link.id], (cursor) => {
    const params = { path: { link_id: link.id }, query: pageQuery(cursor) }
    return unwrap(api.GET('/api/v1/guardians/links/{link_id}/results', { params }))
  })
  if (results.isError)
    return (
      <ErrorState
        title="The results could not be loaded"
        error={results.error}
        onRetry={() => void results.refetch()}
      />
    )
  if (!results.data) return <Skeleton rows={1} height="3rem" />
  if (results.data.length === 0) return <p className="muted">No quiz was played yet.</p>
  return (
    <>
      <ul className="rows" aria-label={`Results of ${link.display_name}`}>
        {results.data.map((item) => (
          <SessionResult key={item.session_id} item={item} />
        ))}
      </ul>
      <More pages={results} label="Show older results" />
    </>
  )
}

function SessionResult({ item }: { item: PupilSession }) {
  return (
    <li>
      <span className="row-main">
        <span className="row-title">{item.quiz_title}</span>
        <span className="muted small">
          {item.started_at && (
            <>
              <When at={item.started_at} isDate /> ·{' '}
            </>
          )}
          {item.correct} of {item.question_count} right, {item.answered} answered
        </span>
      </span>
      <span>
        {item.points} of {item.max_points} points
      </span>
    </li>
  )
}

function CodeForm() {
  const client = useQueryClient()
  const [code, setCode] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const link = await unwrap(api.POST('/api/v1/guardians/links', { body: { code: code.trim() } }))
    await client.invalidateQueries({ queryKey: LINKS_KEY })
    setCode('')
    notify(`${link.display_name} is linked.`)
  })
  const isUnknown = error instanceof ApiError && [404, 410].includes(error.status)
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <TextInput
        label="Code from the teacher"
        hint="It works once, and not for long."
        autoComplete="off"
        value={code}
        onChange={setCode}
        error={isUnknown ? 'This code is not right, was used, or is too old.' : errors.at('/code')}
        isRequired
      />
      {!isUnknown && <FormError error={error} shown={['/code']} />}
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Link your child
        </Button>
      </div>
    </form>
  )
}
