/** Keys with which experiences and other programs come to the API. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import type { Key } from '../../api/types'
import { Button } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { When } from '../../ui/dates'
import { ConfirmButton, Dialog } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states'
import { NewKeyDialog, RotateKeyDialog } from './key-dialogs'
import { schoolKeys, useKeys } from './queries'

const KIND_NAMES: Record<Key['kind'], string> = { experience: 'Experience', integration: 'Integration' }

/** The list; keys that no longer work come last. */
export default function KeysTab() {
  const keys = useKeys()
  const [isCreating, setCreating] = useState(false)
  const [rotated, setRotated] = useState<Key | null>(null)
  const [shown, setShown] = useState<string | null>(null)
  const create = (
    <Button variant="primary" onPress={() => setCreating(true)}>
      New key
    </Button>
  )
  return (
    <div className="stack">
      {keys.data && keys.data.length > 0 && <div className="row">{create}</div>}
      {keys.data ? (
        keys.data.length === 0 ? (
          <EmptyState title="No keys yet" action={create}>
            An experience in Roblox needs a key to join its classes. Other programs can read classes and
            results with one.
          </EmptyState>
        ) : (
          <KeyList items={keys.data} onRotate={setRotated} />
        )
      ) : keys.isError ? (
        <ErrorState
          title="The keys could not be loaded"
          error={keys.error}
          onRetry={() => void keys.refetch()}
        />
      ) : (
        <Skeleton rows={3} height="3.5rem" />
      )}
      <NewKeyDialog isOpen={isCreating} onClose={() => setCreating(false)} onMade={setShown} />
      <RotateKeyDialog item={rotated} onClose={() => setRotated(null)} onMade={setShown} />
      <ShownKey text={shown} onClose={() => setShown(null)} />
    </div>
  )
}

function KeyList({ items, onRotate }: { items: Key[]; onRotate: (item: Key) => void }) {
  const sorted = items.toSorted((a, b) => Number(isOver(a)) - Number(isOver(b)))
  return (
    <ul className="card rows" aria-label="Keys">
      {sorted.map((item) => (
        <KeyRow key={item.id} item={item} onRotate={onRotate} />
      ))}
    </ul>
  )
}

function isOver({ revoked_at, expires_at }: Key): boolean {
  return Boolean(revoked_at) || (expires_at != null && Date.parse(expires_at) <= Date.now())
}

function KeyRow({ item, onRotate }: { item: Key; onRotate: (item: Key) => void }) {
  const client = useQueryClient()
  const revoke = async () => {
    const params = { path: { key_id: item.id } }
    await unwrap(api.DELETE('/api/v1/keys/{key_id}', { params }))
    await client.invalidateQueries({ queryKey: schoolKeys.keys })
    notify(`The key ${item.name} no longer works.`)
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {item.name}
          <span className="badge">{KIND_NAMES[item.kind]}</span>
          {item.revoked_at ? (
            <span className="badge badge-warn">Revoked</span>
          ) : (
            isOver(item) && <span className="badge badge-warn">Expired</span>
          )}
        </span>
        <span className="muted small">
          …{item.last_four} · {item.scopes.join(', ')} · made <When at={item.created_at} isDate /> ·{' '}
          {item.last_used_at ? (
            <>
              last used <When at={item.last_used_at} />
            </>
          ) : (
            'never used'
          )}
          {item.expires_at && !item.revoked_at && (
            <>
              {' · '}
              {isOver(item) ? 'expired' : 'good until'} <When at={item.expires_at} />
            </>
          )}
        </span>
      </span>
      {!isOver(item) && (
        <span className="row">
          <Button size="small" aria-label={`Rotate ${item.name}`} onPress={() => onRotate(item)}>
            Rotate
          </Button>
          <ConfirmButton
            size="small"
            variant="quiet"
            aria-label={`Revoke ${item.name}`}
            title={`Revoke ${item.name}?`}
            consequence="It stops working at once, and so does everything that was begun with it. Rotate it instead if a game still needs one."
            confirmLabel="Revoke"
            onConfirm={revoke}
          >
            Revoke
          </ConfirmButton>
        </span>
      )}
    </li>
  )
}

function ShownKey({ text, onClose }: { text: string | null; onClose: () => void }) {
  return (
    <Dialog title="Keep this key" isOpen={text !== null}>
      <p>
        You see it only now. Put it where it is needed, like the secrets of your experience, and nowhere else.
      </p>
      <code className="code-block">{text}</code>
      <div className="row">
        <CopyButton text={text ?? ''} label="Copy the key" />
      </div>
      <div className="dialog-actions">
        <Button variant="primary" onPress={onClose}>
          I have kept it
        </Button>
      </div>
    </Dialog>
  )
}
