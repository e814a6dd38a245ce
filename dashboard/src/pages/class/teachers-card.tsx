/** Who else teaches the class. A co-teacher sees and runs it like its owner. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import type { ClassTeacher } from '../../api/types'
import { Button } from '../../ui/button'
import { ConfirmButton, Dialog } from '../../ui/dialog'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'

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
      <Dialog title="Invite a co-teacher" isOpen={isInviting} onClose={() => setInviting(false)}>
        <InviteForm classId={classId} onClose={() => setInviting(false)} />
      </Dialog>
    </section>
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

function InviteForm({ classId, onClose }: { classId: string; onClose: () => void }) {
  const [email, setEmail] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { email: email.trim(), role: 'teacher' as const, class_id: classId }
    await unwrap(api.POST('/api/v1/invitations', { body }))
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
