/** What went wrong with a form as a whole; what is wrong with a field stands beside it. */
import { fieldErrors } from '../api/forms'
import { explain } from '../api/problem'

/** `shown` are the pointers of the fields that show their own errors. */
export function FormError({ error, shown = [] }: { error: unknown; shown?: string[] }) {
  if (error === null) return null
  const errors = fieldErrors(error)
  return (
    <p className="field-error" role="alert">
      {errors.isEmpty ? explain(error) : 'Please correct the marked fields.'}
      {errors.others(shown).map((other) => (
        <span key={other.pointer}> {other.detail}</span>
      ))}
    </p>
  )
}
