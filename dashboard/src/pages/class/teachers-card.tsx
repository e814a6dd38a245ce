/** Who else teaches the class. A co-teacher sees and runs it like its owner. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { loadAll, useMe } from '../../api/queries'
import type { ClassTeacher } from '../../api/types'
import { Button, ButtonLink } from '../../ui/button'
import { ConfirmButton, Dialog } from '../../ui/dialog'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'
import { InvitationRow } from '../school/invitation-row'
import { schoolKeys } from '../school/queries'

const keyOf = (classId: string) => ['class-teachers', classId]

/** The list, and an invitation. */
export function TeachersCard({ classId }: { classId: string }) {
  const [isInviting, setInviting] = useState(false)
  const teachers = useQuery({
    queryKey: keyOf(classId),
    queryFn: async () => {
      const params = { path: { class_id: classId } }
      return (await unwrap(api.GET('/api/v1/classes/{class_id}/teachers', { params }))).items
    },
  })
  return (
    <section className="card" aria-labelledby="teachers-title">
      <div className="card-head">
        <h2 id="teachers-title">Teachers</h2>
        <Button size="small" onPress={() => setInviting(true)}>
          Invite a co-teacher
        </Button>
      </div>
      {teachers.data ? (
        <ul className="rows" aria-label="Teachers">
          {teachers.data.map((teacher) => (
            <TeacherRow key={teacher.user_id} teacher={teacher} classId={classId} />
          ))}
        </ul>
      ) : teachers.isError ? (
        <ErrorState
          title="The teachers could not be loaded"
          error={teachers.error}
          onRetry={() => void teachers.refetch()}
        />
      ) : (
        <Skeleton rows={1} height="3rem" />
      )}
      <OpenInvitations classId={classId} />
      <Dialog title="Invite a co-teacher" isOpen={isInviting} onClose={() => setInviting(false)}>
        <InviteCoTeacher classId={classId} onClose={() => setInviting(false)} />
      </Dialog>
    </section>
  )
}

/** Co-teachers who have not accepted yet. Not worth an error of its own when it cannot be loaded. */
function OpenInvitations({ classId }: { classId: string }) {
  const client = useQueryClient()
  const invitations = useQuery({
    queryKey: schoolKeys.openInvitations,
    queryFn: () => loadAll((query) => unwrap(api.GET('/api/v1/invitations', { params: { query } }))),
  })
  const open = (invitations.data ?? []).filter(
    ({ class_id, role, state }) => class_id === classId && role === 'teacher' && state === 'open',
  )
  if (open.length === 0) return null
  return (
    <ul className="rows rows-next" aria-label="Open invitations">
      {open.map((item) => (
        <InvitationRow
          key={item.id}
          item={item}
          onWithdrawn={() => client.invalidateQueries({ queryKey: schoolKeys.openInvitations })}
        />
      ))}
    </ul>
  )
}

function TeacherRow({ teacher, classId }: { teacher: ClassTeacher; classId: string }) {
  const client = useQueryClient()
  const remove = async () => {
    const params = { path: { class_id: classId, user_id: teacher.user_id } }
    await unwrap(api.DELETE('/api/v1/classes/{class_id}/teachers/{user_id}', { params }))
    await client.invalidateQueries({ queryKey: keyOf(classId) })
    notify(`${teacher.display_name} no longer teaches this class.`)
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {teacher.display_name}
          {teacher.is_owner && <span className="badge">Owner</span>}
        </span>
        <span className="muted small">{teacher.email}</span>
      </span>
      {!teacher.is_owner && (
        <ConfirmButton
          size="small"
          variant="quiet"
          aria-label={`Remove ${teacher.display_name} from the class`}
          title={`Remove ${teacher.display_name} from the class?`}
          consequence="They no longer see or run this class. They stay in the school."
          confirmLabel="Remove"
          onConfirm={remove}
        >
          Remove
        </ConfirmButton>
      )}
    </li>
  )
}

interface InviteProps {
  classId: string
  onClose: () => void
}

/** Somebody without a school has no colleagues to share it with: they found one first. */
function InviteCoTeacher(props: InviteProps) {
  const me = useMe()
  if (!me.data?.school.is_personal) return <InviteForm {...props} />
  return (
    <>
      <p>So far you work alone. Found a school first; your classes and quizzes come along.</p>
      <div className="dialog-actions">
        <Button onPress={props.onClose}>Cancel</Button>
        <ButtonLink to="/account" variant="primary">
          Found a school
        </ButtonLink>
      </div>
    </>
  )
}

function InviteForm({ classId, onClose }: InviteProps) {
  const client = useQueryClient()
  const [email, setEmail] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { email: email.trim(), role: 'teacher' as const, class_id: classId }
    await unwrap(api.POST('/api/v1/invitations', { body }))
    await client.invalidateQueries({ queryKey: schoolKeys.openInvitations })
    notify(`An invitation to ${body.email} is on its way.`)
    onClose()
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <p>They get a mail. Once they have accepted, they see and run this class like you.</p>
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="off"
        value={email}
        onChange={setEmail}
        error={errors.at('/email')}
        autoFocus
        isRequired
      />
      <FormError error={error} shown={['/email']} />
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Send the invitation
        </Button>
      </div>
    </form>
  )
}
