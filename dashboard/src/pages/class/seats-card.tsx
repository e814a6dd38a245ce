/** Who is in the class, who is here now, and who waits at the door. */
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { explain } from '../../api/problem'
import type { SchoolClass, Seat } from '../../api/types'
import type { LiveState } from '../../live/reducer'
import { Button } from '../../ui/button'
import { ConfirmButton } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { ParentsButton } from './parents-dialog'

interface SeatsProps {
  schoolClass: SchoolClass
  state: LiveState
  onMoved: (seat: Seat) => void
}

/** The seats; removed ones are not shown. */
export function SeatsCard({ schoolClass, state, onMoved }: SeatsProps) {
  const seats = [...state.seats.values()].sort((a, b) => a.display_name.localeCompare(b.display_name))
  const pending = seats.filter((seat) => seat.status === 'pending')
  const active = seats.filter((seat) => seat.status === 'active')
  const online = active.filter((seat) => seat.online).length
  return (
    <section className="card" aria-labelledby="seats-title">
      <div className="card-head">
        <h2 id="seats-title">Pupils</h2>
        <span className="muted">
          {online} here · {active.length} of {schoolClass.capacity} seats taken
        </span>
      </div>
      {pending.length > 0 && <PendingSeats seats={pending} classId={schoolClass.id} onMoved={onMoved} />}
      {active.length === 0 && pending.length === 0 && (
        <p className="muted">
          Nobody has joined yet. Show the join code{schoolClass.join_code ? ` ${schoolClass.join_code}` : ''}{' '}
          to the class.
        </p>
      )}
      <ul className="seats">
        {active.map((seat) => (
          <li key={seat.id} className="seat">
            <Presence isOnline={seat.online} />
            <span className="seat-name">
              {seat.display_name}
              <span className="seat-detail muted small">
                Level {seat.level} · {seat.xp} XP
                <SeatProgress seat={seat} />
              </span>
            </span>
            <ParentsButton classId={schoolClass.id} seat={seat} />
            <RemoveButton seat={seat} classId={schoolClass.id} onMoved={onMoved} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Presence({ isOnline }: { isOnline: boolean }) {
  return (
    <span className={isOnline ? 'presence presence-online' : 'presence'}>
      <span className="sr-only">{isOnline ? 'here' : 'away'}</span>
    </span>
  )
}

function SeatProgress({ seat }: { seat: Seat }) {
  const progress = seat.progress
  if (!progress || (progress.label == null && progress.percent == null)) return null
  return (
    <span>
      {' · '}
      {[progress.label, progress.percent != null && `${progress.percent} %`].filter(Boolean).join(' · ')}
    </span>
  )
}

interface SeatMoveProps {
  classId: string
  onMoved: (seat: Seat) => void
}

function PendingSeats({ seats, classId, onMoved }: SeatMoveProps & { seats: Seat[] }) {
  const [busyId, setBusyId] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const approve = async (seat: Seat) => {
    setBusyId(seat.id)
    setError(null)
    try {
      const params = { path: { class_id: classId, seat_id: seat.id } }
      onMoved(await unwrap(api.POST('/api/v1/classes/{class_id}/seats/{seat_id}/approve', { params })))
      notify(`${seat.display_name} is in.`)
    } catch (cause) {
      setError(cause)
    } finally {
      setBusyId(null)
    }
  }
  return (
    <div className="callout callout-warn pending">
      <h3>{seats.length === 1 ? 'One pupil waits' : `${seats.length} pupils wait`} to be let in</h3>
      <ul className="seats">
        {seats.map((seat) => (
          <li key={seat.id} className="seat">
            <span className="seat-name">{seat.display_name}</span>
            <Button
              size="small"
              variant="primary"
              isPending={busyId === seat.id}
              onPress={() => void approve(seat)}
              aria-label={`Approve ${seat.display_name}`}
            >
              Approve
            </Button>
            <RemoveButton seat={seat} classId={classId} onMoved={onMoved} />
          </li>
        ))}
      </ul>
      {error !== null && (
        <p className="field-error" role="alert">
          {explain(error)}
        </p>
      )}
    </div>
  )
}

function RemoveButton({ seat, classId, onMoved }: SeatMoveProps & { seat: Seat }) {
  const remove = async () => {
    const params = { path: { class_id: classId, seat_id: seat.id } }
    onMoved(await unwrap(api.POST('/api/v1/classes/{class_id}/seats/{seat_id}/remove', { params })))
    notify(`${seat.display_name} was removed from the class.`)
  }
  return (
    <ConfirmButton
      size="small"
      variant="quiet"
      aria-label={`Remove ${seat.display_name}`}
      title={`Remove ${seat.display_name}?`}
      consequence="They leave the class at once and cannot answer any more. What they earned is kept in the results."
      confirmLabel="Remove"
      onConfirm={remove}
    >
      Remove
    </ConfirmButton>
  )
}
