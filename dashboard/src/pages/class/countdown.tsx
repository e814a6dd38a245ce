/** The time that is left, by this computer's clock. */
import { useNow } from '../../ui/use-now'

const SECOND_MS = 1_000

/** Minutes and seconds until `endsAt`, never below zero. */
export function Countdown({ endsAt }: { endsAt: string }) {
  const now = useNow(SECOND_MS)
  const left = Math.max(0, Math.ceil((Date.parse(endsAt) - now) / SECOND_MS))
  const minutes = Math.floor(left / 60)
  const seconds = String(left % 60).padStart(2, '0')
  return (
    <span className="numbers" role="timer">
      {minutes}:{seconds}
    </span>
  )
}
