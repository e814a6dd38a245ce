/** Adding a webhook: where it goes, and what is told. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import type { WebhookEvent } from '../../api/types'
import { Button } from '../../ui/button'
import { CheckInput, TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { useForm } from '../../ui/use-form'

/** What is known of the webhooks of a class. */
export const webhooksKey = (classId: string) => ['class-webhooks', classId]

/** What a webhook can tell, and how it is called here. */
export const EVENTS: { event: WebhookEvent; label: string }[] = [
  { event: 'channel_occupied', label: 'A channel has its first listener' },
  { event: 'channel_vacated', label: 'A channel has lost its last listener' },
  { event: 'member_added', label: 'Somebody came' },
  { event: 'member_removed', label: 'Somebody left' },
  { event: 'client_event', label: 'A client sent an event' },
  { event: 'cache_miss', label: 'A cache channel was empty' },
]

interface Props {
  classId: string
  onClose: () => void
  /** With the secret, which is never shown again. */
  onMade: (secret: string) => void
}

/** The form of the dialog. */
export function NewWebhookForm({ classId, onClose, onMade }: Props) {
  const client = useQueryClient()
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState<WebhookEvent[]>(['member_added', 'member_removed'])
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const params = { path: { class_id: classId } }
    const body = { url: url.trim(), events }
    const { secret } = await unwrap(api.POST('/api/v1/classes/{class_id}/webhooks', { params, body }))
    await client.invalidateQueries({ queryKey: webhooksKey(classId) })
    onClose()
    onMade(secret)
  })
  const toggle = (event: WebhookEvent, isOn: boolean) =>
    setEvents(isOn ? [...events, event] : events.filter((other) => other !== event))
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <TextInput
        label="URL"
        hint="A server of yours, by https."
        value={url}
        onChange={setUrl}
        error={errors.at('/url')}
        autoFocus
        isRequired
      />
      <fieldset>
        <legend className="field-label">It is told when</legend>
        {EVENTS.map(({ event, label }) => (
          <CheckInput
            key={event}
            label={label}
            isSelected={events.includes(event)}
            onChange={(isOn) => toggle(event, isOn)}
          />
        ))}
        {errors.at('/events') && <p className="field-error">{errors.at('/events')}</p>}
      </fieldset>
      <FormError error={error} shown={['/url', '/events']} />
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Add the webhook
        </Button>
      </div>
    </form>
  )
}
