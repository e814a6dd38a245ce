/** Making a passkey: the browser asks where, the server checks it. */
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { explainPasskey, makePasskey } from '../../auth/passkey'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { TextInput } from '../../ui/fields'
import { useForm } from '../../ui/use-form'
import type { AddFactorProps } from './app-dialog'

/** The dialog. */
export function PasskeyDialog({ isOpen, onClose, onAdded }: AddFactorProps) {
  return (
    <Dialog title="Add a passkey" isOpen={isOpen} onClose={onClose}>
      <PasskeyForm onClose={onClose} onAdded={onAdded} />
    </Dialog>
  )
}

function PasskeyForm({ onClose, onAdded }: Omit<AddFactorProps, 'isOpen'>) {
  const [name, setName] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const { ceremony, public_key } = await unwrap(api.POST('/api/v1/auth/passkeys/registration-options'))
    const credential = await makePasskey(public_key)
    const body = { ceremony, name: name.trim() || 'Passkey', credential }
    onAdded((await unwrap(api.POST('/api/v1/auth/passkeys', { body }))).recovery_codes ?? null)
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <p>A passkey signs you in with your fingerprint, face or PIN. It also works without your password.</p>
      <TextInput
        label="Name"
        hint="To know it again, like “School laptop”."
        value={name}
        onChange={setName}
        error={errors.at('/name')}
        autoFocus
      />
      {error !== null && errors.isEmpty && (
        <p className="field-error" role="alert">
          {explainPasskey(error)}
        </p>
      )}
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Make the passkey
        </Button>
      </div>
    </form>
  )
}
