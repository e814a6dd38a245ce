/** Second factors: authenticator apps, passkeys, and the codes for when neither is at hand. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { keys } from '../../api/queries'
import type { Factor, Factors } from '../../api/types'
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { When } from '../../ui/dates'
import { ConfirmButton } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { AppDialog } from './app-dialog'
import { PasskeyDialog } from './passkey-dialog'
import { accountKeys, useFactors } from './queries'
import { RecoveryCodesDialog } from './recovery-codes'

const TYPE_NAMES: Record<Factor['type'], string> = { totp: 'Authenticator app', passkey: 'Passkey' }

const hasPasskeys = typeof window.PublicKeyCredential === 'function'

/** After factors have changed: the account is read anew, and the token no longer says that one is missing. */
export function useFactorsChanged(): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: accountKeys.factors }),
      client.invalidateQueries({ queryKey: keys.me }),
      session.renew(),
    ])
  }
}

/** The list, and what adds to it. */
export function FactorsCard() {
  const factors = useFactors()
  const [adding, setAdding] = useState<Factor['type'] | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  const changed = useFactorsChanged()
  const added = (recoveryCodes: string[] | null) => {
    setAdding(null)
    setCodes(recoveryCodes)
    notify('Your second factor is set up.')
    void changed()
  }
  return (
    <section className="card" aria-labelledby="factors-title">
      <div className="card-head">
        <h2 id="factors-title">Second factor</h2>
        <div className="row">
          <Button size="small" onPress={() => setAdding('totp')}>
            Add an app
          </Button>
          {hasPasskeys && (
            <Button size="small" onPress={() => setAdding('passkey')}>
              Add a passkey
            </Button>
          )}
        </div>
      </div>
      {factors.data ? (
        <FactorList factors={factors.data} onCodes={setCodes} onChanged={changed} />
      ) : factors.isError ? (
        <ErrorState
          title="Your second factors could not be loaded"
          error={factors.error}
          onRetry={() => void factors.refetch()}
        />
      ) : (
        <Skeleton rows={1} />
      )}
      <AppDialog isOpen={adding === 'totp'} onClose={() => setAdding(null)} onAdded={added} />
      <PasskeyDialog isOpen={adding === 'passkey'} onClose={() => setAdding(null)} onAdded={added} />
      <RecoveryCodesDialog codes={codes} onClose={() => setCodes(null)} />
    </section>
  )
}

interface FactorListProps {
  factors: Factors
  onCodes: (codes: string[]) => void
  onChanged: () => Promise<void>
}

function FactorList({ factors, onCodes, onChanged }: FactorListProps) {
  if (factors.items.length === 0) {
    return (
      <p className="muted">
        None yet. With a second factor a stolen password alone opens nothing: use an app that shows codes, or
        a passkey on your phone, computer or key.
      </p>
    )
  }
  const renew = async () => {
    onCodes((await unwrap(api.POST('/api/v1/auth/recovery-codes'))).recovery_codes)
    await onChanged()
  }
  return (
    <ul className="rows">
      {factors.items.map((factor) => (
        <FactorRow key={factor.id} factor={factor} onChanged={onChanged} />
      ))}
      <li>
        <span className="row-main">
          <span className="row-title">Recovery codes</span>
          <span className="muted small">
            {factors.recovery_codes_left === 1 ? '1 is' : `${factors.recovery_codes_left} are`} left. Each
            signs you in once when nothing else is at hand.
          </span>
        </span>
        <ConfirmButton
          size="small"
          title="Make new recovery codes?"
          consequence="The old ones stop working at once. You see the new ones only this time."
          confirmLabel="Make new ones"
          onConfirm={renew}
        >
          Make new codes
        </ConfirmButton>
      </li>
    </ul>
  )
}

function FactorRow({ factor, onChanged }: { factor: Factor; onChanged: () => Promise<void> }) {
  const remove = async () => {
    const params = { path: { factor_id: factor.id } }
    await unwrap(api.DELETE('/api/v1/auth/factors/{factor_id}', { params }))
    await onChanged()
    notify(`${factor.name} was removed.`)
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {factor.name}
          {factor.name !== TYPE_NAMES[factor.type] && (
            <span className="badge">{TYPE_NAMES[factor.type]}</span>
          )}
        </span>
        <span className="muted small">
          Added <When at={factor.created_at} isDate />
          {' · '}
          {factor.last_used_at ? (
            <>
              last used <When at={factor.last_used_at} />
            </>
          ) : (
            'not used yet'
          )}
        </span>
      </span>
      <ConfirmButton
        size="small"
        variant="quiet"
        aria-label={`Remove ${factor.name}`}
        title={`Remove ${factor.name}?`}
        consequence="It no longer signs you in. If it is the last one, your password alone does."
        confirmLabel="Remove"
        onConfirm={remove}
      >
        Remove
      </ConfirmButton>
    </li>
  )
}
