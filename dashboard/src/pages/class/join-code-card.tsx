/** The code that pupils type in the game, large enough to read from the last row. */
import { useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import { refreshClass } from '../../api/queries'
import type { SchoolClass } from '../../api/types'
import { ButtonLink } from '../../ui/button'
import { ConfirmButton } from '../../ui/dialog'
import { notify } from '../../ui/notices'

/** Shows, rotates and closes the join code. */
export function JoinCodeCard({ schoolClass }: { schoolClass: SchoolClass }) {
  const client = useQueryClient()
  const params = { path: { class_id: schoolClass.id } }
  const rotate = async () => {
    await unwrap(api.POST('/api/v1/classes/{class_id}/join-code', { params }))
    refreshClass(client, schoolClass.id)
    notify('The class has a new join code.')
  }
  const close = async () => {
    await unwrap(api.DELETE('/api/v1/classes/{class_id}/join-code', { params }))
    refreshClass(client, schoolClass.id)
    notify('The join code is closed.')
  }
  const isOpen = Boolean(schoolClass.join_code)

  return (
    <section className="card code-card" aria-labelledby="code-title">
      <h2 id="code-title">Join code</h2>
      {isOpen ? (
        <p className="code-large">{schoolClass.join_code}</p>
      ) : (
        <p>The code is closed: nobody new can join. Pupils who are in stay in.</p>
      )}
      {isOpen && (
        <p className="muted small">
          Pupils type it in the game.{' '}
          {schoolClass.join_policy === 'approval' ? 'You let each one in below.' : 'They are in at once.'}
        </p>
      )}
      <div className="row">
        {isOpen && (
          <ButtonLink to={`/classes/${schoolClass.id}/projector`} size="small">
            Show full screen
          </ButtonLink>
        )}
        <ConfirmButton
          size="small"
          title={isOpen ? 'Replace the join code?' : 'Open the class with a new code?'}
          consequence={
            isOpen
              ? 'The old code stops working at once. Pupils who are already in stay in.'
              : 'Pupils who know the new code can join.'
          }
          confirmLabel={isOpen ? 'Replace it' : 'Open it'}
          onConfirm={rotate}
        >
          {isOpen ? 'New code' : 'Open with a new code'}
        </ConfirmButton>
        {isOpen && (
          <ConfirmButton
            size="small"
            title="Close the join code?"
            consequence="Nobody new can join until you open the class again. Pupils who are already in stay in."
            confirmLabel="Close it"
            onConfirm={close}
          >
            Close code
          </ConfirmButton>
        )}
      </div>
    </section>
  )
}
