/** Servers that are told what happens on the class's live channels. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import type { SchoolClass, Webhook } from '../../api/types'
import { Button } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { When } from '../../ui/dates'
import { ConfirmButton, Dialog } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { EVENTS, NewWebhookForm, webhooksKey } from './new-webhook-form'

/** The list, and a new one. */
export function WebhooksCard({ schoolClass }: { schoolClass: SchoolClass }) {
  const classId = schoolClass.id
  const [isAdding, setAdding] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const webhooks = useQuery({
    queryKey: webhooksKey(classId),
    queryFn: async () => {
      const params = { path: { class_id: classId } }
      return (await unwrap(api.GET('/api/v1/classes/{class_id}/webhooks', { params }))).items
    },
  })
  return (
    <section className="card" aria-labelledby="webhooks-title">
      <div className="card-head">
        <h2 id="webhooks-title">Webhooks</h2>
        <Button size="small" onPress={() => setAdding(true)}>
          Add a webhook
        </Button>
      </div>
      {webhooks.data ? (
        webhooks.data.length === 0 ? (
          <p className="muted">No server is told who comes and goes on the live channels of this class.</p>
        ) : (
          <ul className="rows" aria-label="Webhooks">
            {webhooks.data.map((webhook) => (
              <WebhookRow key={webhook.id} webhook={webhook} classId={classId} />
            ))}
          </ul>
        )
      ) : webhooks.isError ? (
        <ErrorState
          title="The webhooks could not be loaded"
          error={webhooks.error}
          onRetry={() => void webhooks.refetch()}
        />
      ) : (
        <Skeleton rows={1} height="3rem" />
      )}
      <Dialog title="Add a webhook" isOpen={isAdding} onClose={() => setAdding(false)}>
        <NewWebhookForm classId={classId} onClose={() => setAdding(false)} onMade={setSecret} />
      </Dialog>
      <ShownSecret roomKey={schoolClass.room_key} secret={secret} onClose={() => setSecret(null)} />
    </section>
  )
}

function WebhookRow({ webhook, classId }: { webhook: Webhook; classId: string }) {
  const client = useQueryClient()
  const remove = async () => {
    const params = { path: { class_id: classId, webhook_id: webhook.id } }
    await unwrap(api.DELETE('/api/v1/classes/{class_id}/webhooks/{webhook_id}', { params }))
    await client.invalidateQueries({ queryKey: webhooksKey(classId) })
    notify(`${webhook.url} is told nothing more.`)
  }
  const labels = EVENTS.filter(({ event }) => webhook.events.includes(event)).map(({ label }) => label)
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {webhook.url}
          <DeliveryBadge webhook={webhook} />
        </span>
        <span className="muted small">
          {labels.join(', ')} ·{' '}
          {webhook.last_delivery ? (
            <>
              last sent <When at={webhook.last_delivery.at} />
            </>
          ) : (
            'nothing sent yet'
          )}
        </span>
      </span>
      <ConfirmButton
        size="small"
        variant="quiet"
        aria-label={`Delete the webhook to ${webhook.url}`}
        title={`Delete the webhook to ${webhook.url}?`}
        consequence="That server is told nothing more, and its secret is worth nothing."
        confirmLabel="Delete"
        onConfirm={remove}
      >
        Delete
      </ConfirmButton>
    </li>
  )
}

/** How the last delivery ended, where it did not end well. */
function DeliveryBadge({ webhook }: { webhook: Webhook }) {
  if (!webhook.last_delivery) return null
  const status = webhook.last_delivery.status ?? null
  if (status === null) return <span className="badge badge-warn">No answer</span>
  return status >= 200 && status < 300 ? null : <span className="badge badge-warn">Answered {status}</span>
}

interface ShownSecretProps {
  roomKey: string
  secret: string | null
  onClose: () => void
}

function ShownSecret({ roomKey, secret, onClose }: ShownSecretProps) {
  return (
    <Dialog title="Keep this secret" isOpen={secret !== null}>
      <p>
        You see it only now. With it, and with the key <code>{roomKey}</code>, a server library of Pusher
        checks that a webhook is from this class.
      </p>
      <code className="code-block">{secret}</code>
      <div className="row">
        <CopyButton text={secret ?? ''} label="Copy the secret" />
      </div>
      <div className="dialog-actions">
        <Button variant="primary" onPress={onClose}>
          I have kept it
        </Button>
      </div>
    </Dialog>
  )
}
