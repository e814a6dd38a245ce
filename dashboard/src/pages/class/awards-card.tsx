/** What pupils have reached while the teacher looked on; nothing until there is something. */
import type { LiveState } from '../../live/reducer'

/** The newest first. */
export function AwardsCard({ state }: { state: LiveState }) {
  if (state.awards.length === 0) return null
  return (
    <section className="card" aria-labelledby="awards-title">
      <div className="card-head">
        <h2 id="awards-title">Just reached</h2>
      </div>
      <ul className="awards">
        {state.awards.map(({ seat_id, title, seq }) => (
          <li key={seq}>
            <strong>{state.seats.get(seat_id)?.display_name ?? 'Somebody'}</strong>: {title}
          </li>
        ))}
      </ul>
    </section>
  )
}
