/** One invitation of a list. */
import { api, unwrap } from '../../api/client'
import type { Invitation } from '../../api/types'
import { When } from '../../ui/dates'
import { ConfirmButton } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { ROLE_NAMES } from '../account/profile'

const STATE_NAMES: Record<Exclude<Invitation['state'], 'open'>, string> = {
  accepted: 'Accepted',
  withdrawn: 'Withdrawn',
  expired: 'Expired',
}

interface InvitationRowProps {
  item: Invitation
  onWithdrawn: () => Promise<unknown>
}

/** Whom, as what, and how it stands; one that is open can be withdrawn. */
export function InvitationRow({ item, onWithdrawn }: InvitationRowProps) {
  const withdraw = async () => {
    const params = { path: { invitation_id: item.id } }
    await unwrap(api.DELETE('/api/v1/invitations/{invitation_id}', { params }))
    await onWithdrawn()
    notify(`The invitation to ${item.email} was withdrawn.`)
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {item.email}
          <span className="badge">{ROLE_NAMES[item.role]}</span>
          {item.state !== 'open' && (
            <span className={item.state === 'accepted' ? 'badge badge-accent' : 'badge badge-warn'}>
              {STATE_NAMES[item.state]}
            </span>
          )}
        </span>
        <span className="muted small">
          sent <When at={item.created_at} />
          {item.state === 'open' && (
            <>
              {' '}
              · good until <When at={item.expires_at} />
            </>
          )}
        </span>
      </span>
      {item.state === 'open' && (
        <ConfirmButton
          size="small"
          variant="quiet"
          aria-label={`Withdraw the invitation to ${item.email}`}
          title={`Withdraw the invitation to ${item.email}?`}
          consequence="The link in the mail stops working at once."
          confirmLabel="Withdraw"
          onConfirm={withdraw}
        >
          Withdraw
        </ConfirmButton>
      )}
    </li>
  )
}
