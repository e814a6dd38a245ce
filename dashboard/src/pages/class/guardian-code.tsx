/** A code with which a parent links their account to a pupil's seat. It is shown once. */
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { explain } from '../../api/problem'
import type { Seat } from '../../api/types'
import { Button } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { When } from '../../ui/dates'
import { Dialog } from '../../ui/dialog'

/** The button, and the dialog with the code. */
export function GuardianCodeButton({ classId, seat }: { classId: string; seat: Seat }) {
  const [made, setMade] = useState<{ code: string; expires_at: string } | null>(null)
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const make = async () => {
    setPending(true)
    setError(null)
    try {
      const params = { path: { class_id: classId, seat_id: seat.id } }
      setMade(await unwrap(api.POST('/api/v1/classes/{class_id}/seats/{seat_id}/guardian-code', { params })))
    } catch (cause) {
      setError(cause)
    } finally {
      setPending(false)
    }
  }
  const close = () => {
    setMade(null)
    setError(null)
  }
  return (
    <>
      <Button
        size="small"
        variant="quiet"
        isPending={isPending}
        aria-label={`Code for a parent of ${seat.display_name}`}
        onPress={() => void make()}
      >
        Parent code
      </Button>
      <Dialog
        title={`For a parent of ${seat.display_name}`}
        isOpen={made !== null || error !== null}
        onClose={close}
      >
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
          <p className="field-error" role="alert">
            {explain(error)}
          </p>
        )}
        <div className="dialog-actions">
          <Button variant="primary" onPress={close}>
            Close
          </Button>
        </div>
      </Dialog>
    </>
  )
}
