/** Where one is signed in, and how to end it there. */
import { useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import type { SessionItem } from '../../api/types'
import { session } from '../../auth/use-session'
import { countryName, When } from '../../ui/dates'
import { ConfirmButton } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { accountKeys, useOwnSessions } from './queries'

/** The list; this device first. */
export function DevicesTab() {
  const sessions = useOwnSessions()
  if (sessions.isError)
    return (
      <ErrorState
        title="Your devices could not be loaded"
        error={sessions.error}
        onRetry={() => void sessions.refetch()}
      />
    )
  if (!sessions.data) return <Skeleton />
  const items = sessions.data.toSorted((a, b) => Number(b.is_current) - Number(a.is_current))
  return (
    <section className="card" aria-labelledby="devices-title">
      <div className="card-head">
        <h2 id="devices-title">Where you are signed in</h2>
        <SignOutEverywhere />
      </div>
      <ul className="rows">
        {items.map((item) => (
          <Device key={item.id} item={item} />
        ))}
      </ul>
    </section>
  )
}

function Device({ item }: { item: SessionItem }) {
  const client = useQueryClient()
  const end = async () => {
    const params = { path: { session_id: item.id } }
    await unwrap(api.DELETE('/api/v1/auth/sessions/{session_id}', { params }))
    await client.invalidateQueries({ queryKey: accountKeys.sessions })
    notify(`Signed out on ${item.device}.`)
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {item.device}
          {item.is_current && <span className="badge badge-accent">This device</span>}
        </span>
        <span className="muted small">
          {item.place && `${countryName(item.place)} · `}last used <When at={item.last_used_at} /> · since{' '}
          <When at={item.created_at} isDate />
        </span>
      </span>
      {!item.is_current && (
        <ConfirmButton
          size="small"
          aria-label={`Sign out on ${item.device}`}
          title={`Sign out on ${item.device}?`}
          consequence="It is out within seconds. Whoever uses it must sign in again."
          confirmLabel="Sign out there"
          onConfirm={end}
        >
          Sign out
        </ConfirmButton>
      )}
    </li>
  )
}

function SignOutEverywhere() {
  const endAll = async () => {
    await unwrap(api.POST('/api/v1/auth/logout-all'))
    session.forget()
  }
  return (
    <ConfirmButton
      size="small"
      title="Sign out everywhere?"
      consequence="All devices are out within seconds, this one too. Then sign in again here."
      confirmLabel="Sign out everywhere"
      onConfirm={endAll}
    >
      Sign out everywhere
    </ConfirmButton>
  )
}
