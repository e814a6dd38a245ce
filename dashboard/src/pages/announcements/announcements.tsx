/** What the school said to all its people; its admins say something new here. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { idempotencyKeys } from '../../api/forms'
import { keys } from '../../api/queries'
import type { User } from '../../api/types'
import { announce, useAnnouncements } from '../../notifications/announcements'
import { Button } from '../../ui/button'
import { When } from '../../ui/dates'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { More } from '../../ui/more'
import { notify } from '../../ui/notices'
import { Page } from '../../ui/page'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'
import './announcements.css'

/** As many characters as the server takes. */
const MAX_TEXT = 1000

/** The page. */
export default function AnnouncementsPage({ user }: { user: User }) {
  return (
    <Page title="Announcements" subtitle="From your school, to everybody with an account there." isNarrow>
      <div className="stack">
        {user.role === 'admin' && (
          <section className="card" aria-labelledby="announce-title">
            <div className="card-head">
              <h2 id="announce-title">Say something to everybody</h2>
            </div>
            <AnnounceForm schoolId={user.school_id} />
          </section>
        )}
        <AnnouncementList schoolId={user.school_id} />
      </div>
    </Page>
  )
}

function AnnounceForm({ schoolId }: { schoolId: string }) {
  const client = useQueryClient()
  const [text, setText] = useState('')
  // The same words may be said again; only a repeated try is the same announcement.
  const [keyFor, setKeyFor] = useState(idempotencyKeys)
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { text: text.trim() }
    await announce(schoolId, body, keyFor(body))
    setKeyFor(idempotencyKeys)
    setText('')
    notify('It is said.')
    await client.invalidateQueries({ queryKey: keys.announcements })
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <TextInput
        label="Announcement"
        hint="Teachers, pupils and parents see it at once on every page, and find it here later."
        value={text}
        onChange={setText}
        maxLength={MAX_TEXT}
        error={errors.at('/text')}
        isMultiline
        isRequired
      />
      <FormError error={error} shown={['/text']} />
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Announce it
        </Button>
      </div>
    </form>
  )
}

function AnnouncementList({ schoolId }: { schoolId: string }) {
  const announcements = useAnnouncements(schoolId)
  if (announcements.isError && !announcements.data)
    return (
      <ErrorState
        title="The announcements could not be loaded"
        error={announcements.error}
        onRetry={() => void announcements.refetch()}
      />
    )
  if (!announcements.data) return <Skeleton rows={3} height="3.5rem" />
  if (announcements.data.length === 0)
    return <EmptyState title="Nothing was announced so far">What your school says stands here.</EmptyState>
  return (
    <section className="card" aria-label="What was announced">
      <ul className="rows">
        {announcements.data.map(({ id, text, at }) => (
          <li key={id}>
            <span className="row-main">
              <span className="announcement">{text}</span>
              <span className="muted small">
                <When at={at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
      <More pages={announcements} label="Show older" />
    </section>
  )
}
