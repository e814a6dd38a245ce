/** A pupil's parents: who is linked, and the two ways to link one, a code on paper or an invitation by mail. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { ApiError, explain } from '../../api/problem'
import { loadAll } from '../../api/queries'
import type { Guardian, Seat } from '../../api/types'
import { Button } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { When } from '../../ui/dates'
import { ConfirmButton, Dialog } from '../../ui/dialog'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { notify } from '../../ui/notices'
import { Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'

const keyOf = (classId: string) => ['class-guardians', classId]

interface SeatProps {
  classId: string
  seat: Seat
}

/** The button, and the dialog. */
export function ParentsButton({ classId, seat }: SeatProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button
        size="small"
        variant="quiet"
        aria-label={`Parents of ${seat.display_name}`}
        onPress={() => setOpen(true)}
      >
        Parents
      </Button>
      <Dialog title={`Parents of ${seat.display_name}`} isOpen={isOpen} onClose={() => setOpen(false)}>
        <LinkedParents classId={classId} seat={seat} />
        <CodeMaker classId={classId} seat={seat} />
        <InviteForm classId={classId} seat={seat} />
        <div className="dialog-actions">
          <Button onPress={() => setOpen(false)}>Close</Button>
        </div>
      </Dialog>
    </>
  )
}

function LinkedParents({ classId, seat }: SeatProps) {
  const guardians = useQuery({
    queryKey: keyOf(classId),
    queryFn: () =>
      loadAll((query) =>
        unwrap(
          api.GET('/api/v1/classes/{class_id}/guardians', {
            params: { path: { class_id: classId }, query },
          }),
        ),
      ),
  })
  if (guardians.isError)
    return (
      <p className="field-error" role="alert">
        {explain(guardians.error)}
      </p>
    )
  if (!guardians.data) return <Skeleton rows={1} height="3rem" />
  const own = guardians.data.filter((guardian) => guardian.seat_id === seat.id)
  if (own.length === 0) return <p className="muted">No parent is linked yet.</p>
  return (
    <ul className="rows" aria-label="Linked parents">
      {own.map((guardian) => (
        <ParentRow key={guardian.id} guardian={guardian} classId={classId} />
      ))}
    </ul>
  )
}

function ParentRow({ guardian, classId }: { guardian: Guardian; classId: string }) {
  const client = useQueryClient()
  const unlink = async () => {
    await unwrap(
      api.DELETE('/api/v1/guardians/links/{link_id}', { params: { path: { link_id: guardian.id } } }),
    )
    await client.invalidateQueries({ queryKey: keyOf(classId) })
    notify(`${guardian.guardian_name} is no longer linked.`)
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">{guardian.guardian_name}</span>
        <span className="muted small">
          linked <When at={guardian.created_at} />
        </span>
      </span>
      <ConfirmButton
        size="small"
        variant="quiet"
        aria-label={`Unlink ${guardian.guardian_name}`}
        title={`Unlink ${guardian.guardian_name}?`}
        consequence={`They no longer see the results of ${guardian.display_name}. For a new link they need another code or invitation.`}
        confirmLabel="Unlink"
        onConfirm={unlink}
      >
        Unlink
      </ConfirmButton>
    </li>
  )
}

/** The code is shown once: only its hash is kept. */
function CodeMaker({ classId, seat }: SeatProps) {
  const [made, setMade] = useState<{ code: string; expires_at: string } | null>(null)
  const { isPending, error, onSubmit } = useForm(async () => {
    const params = { path: { class_id: classId, seat_id: seat.id } }
    setMade(await unwrap(api.POST('/api/v1/classes/{class_id}/seats/{seat_id}/guardian-code', { params })))
  })
  return (
    <form className="stack" onSubmit={onSubmit}>
      <h3>With a code</h3>
      {made ? (
        <>
          <p>
            Hand this code to the parent. It links their account to this seat, works once, and is good until{' '}
            <When at={made.expires_at} />.
          </p>
          <code className="code-block code-small">{made.code}</code>
          <div className="row">
            <CopyButton text={made.code} label="Copy the code" />
          </div>
        </>
      ) : (
        <div className="row">
          <Button type="submit" isPending={isPending}>
            Make a code
          </Button>
        </div>
      )}
      <FormError error={error} />
    </form>
  )
}

function InviteForm({ classId, seat }: SeatProps) {
  const [email, setEmail] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { email: email.trim(), role: 'parent' as const, class_id: classId, seat_id: seat.id }
    await unwrap(api.POST('/api/v1/invitations', { body }))
    notify(`An invitation to ${body.email} is on its way.`)
    setEmail('')
  })
  const isTaken = error instanceof ApiError && error.code === 'conflict'
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <h3>By mail</h3>
      <TextInput
        label="E-mail of the parent"
        type="email"
        autoComplete="off"
        value={email}
        onChange={setEmail}
        error={isTaken ? error.message : errors.at('/email')}
        isRequired
      />
      {!isTaken && <FormError error={error} shown={['/email']} />}
      <div className="row">
        <Button type="submit" isPending={isPending}>
          Send the invitation
        </Button>
      </div>
    </form>
  )
}
