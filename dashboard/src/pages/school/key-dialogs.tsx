/** Making a key, and replacing one. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import type { Key, KeyKind, KeyScope } from '../../api/types'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { CheckInput, RadioInput, SelectInput, TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { useForm } from '../../ui/use-form'
import { schoolKeys } from './queries'

interface MadeProps {
  onClose: () => void
  /** With the key itself, which is never shown again. */
  onMade: (key: string) => void
}

const DAY_S = 86_400

const SCOPES: { scope: KeyScope; label: string }[] = [
  { scope: 'classes:read', label: 'Read classes and who is in them' },
  { scope: 'results:read', label: 'Read results' },
  { scope: 'quizzes:read', label: 'Read quizzes' },
  { scope: 'audit:read', label: 'Read the audit log' },
]

/** The dialog for a new key. */
export function NewKeyDialog({ isOpen, ...rest }: MadeProps & { isOpen: boolean }) {
  return (
    <Dialog title="New key" isOpen={isOpen} onClose={rest.onClose}>
      <NewKeyForm {...rest} />
    </Dialog>
  )
}

function NewKeyForm({ onClose, onMade }: MadeProps) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [kind, setKind] = useState<KeyKind>('experience')
  const [scopes, setScopes] = useState<KeyScope[]>([])
  const [days, setDays] = useState('365')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const expires =
      days === '' ? {} : { expires_at: new Date(Date.now() + Number(days) * DAY_S * 1000).toISOString() }
    const body = {
      name: name.trim(),
      kind,
      scopes: kind === 'experience' ? (['game'] satisfies KeyScope[]) : scopes,
      ...expires,
    }
    const { key } = await unwrap(api.POST('/api/v1/keys', { body }))
    await client.invalidateQueries({ queryKey: schoolKeys.keys })
    onClose()
    onMade(key)
  })
  const toggle = (scope: KeyScope, isOn: boolean) =>
    setScopes(isOn ? [...scopes, scope] : scopes.filter((other) => other !== scope))
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <TextInput
        label="Name"
        hint="Where it will be used, to know it again."
        value={name}
        onChange={setName}
        error={errors.at('/name')}
        autoFocus
        isRequired
      />
      <RadioInput
        label="For"
        value={kind}
        onChange={(value) => setKind(value === 'integration' ? 'integration' : 'experience')}
        options={[
          { value: 'experience', label: 'An experience', hint: 'its game servers join classes' },
          { value: 'integration', label: 'Another program', hint: 'it reads what you allow' },
        ]}
      />
      {kind === 'integration' && (
        <fieldset>
          <legend className="field-label">It may</legend>
          {SCOPES.map(({ scope, label }) => (
            <CheckInput
              key={scope}
              label={label}
              isSelected={scopes.includes(scope)}
              onChange={(isOn) => toggle(scope, isOn)}
            />
          ))}
          {errors.at('/scopes') && <p className="field-error">{errors.at('/scopes')}</p>}
        </fieldset>
      )}
      <SelectInput
        label="Good for"
        value={days}
        onChange={setDays}
        error={errors.at('/expires_at')}
        options={[
          { value: '30', label: '30 days' },
          { value: '90', label: '90 days' },
          { value: '365', label: 'A year' },
          { value: '', label: 'As long as nobody revokes it' },
        ]}
      />
      <FormError error={error} shown={['/name', '/scopes', '/expires_at']} />
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Make the key
        </Button>
      </div>
    </form>
  )
}

/** The dialog that replaces a key; the old one may work a while longer. */
export function RotateKeyDialog({ item, ...rest }: MadeProps & { item: Key | null }) {
  return (
    <Dialog title={`Rotate ${item?.name ?? ''}`} isOpen={item !== null} onClose={rest.onClose}>
      {item && <RotateForm item={item} {...rest} />}
    </Dialog>
  )
}

function RotateForm({ item, onClose, onMade }: MadeProps & { item: Key }) {
  const client = useQueryClient()
  const [overlap, setOverlap] = useState(String(DAY_S))
  const { isPending, error, onSubmit } = useForm(async () => {
    const params = { path: { key_id: item.id } }
    const body = { overlap_s: Number(overlap) }
    const { key } = await unwrap(api.POST('/api/v1/keys/{key_id}/rotate', { params, body }))
    await client.invalidateQueries({ queryKey: schoolKeys.keys })
    onClose()
    onMade(key)
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <p>
        You get a new key with the same rights. The old one works on for a while, so that you can exchange it.
      </p>
      <SelectInput
        label="The old key works for"
        value={overlap}
        onChange={setOverlap}
        options={[
          { value: '0', label: 'No longer: it may be in wrong hands' },
          { value: '3600', label: 'One hour' },
          { value: String(DAY_S), label: 'One day' },
          { value: String(7 * DAY_S), label: 'One week' },
        ]}
      />
      <FormError error={error} />
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Make the new key
        </Button>
      </div>
    </form>
  )
}
