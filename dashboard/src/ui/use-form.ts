/** What every form here does: send once at a time, and keep what went wrong. */
import { type FormEvent, useState } from 'react'
import { type FieldErrors, fieldErrors } from '../api/forms'

export interface Form {
  isPending: boolean
  error: unknown
  errors: FieldErrors
  onSubmit: (event: FormEvent) => void
}

/** A form that runs `send`; after it succeeded `send` itself has moved on. */
export function useForm(send: () => Promise<unknown>): Form {
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isPending) return
    setPending(true)
    setError(null)
    try {
      await send()
    } catch (cause) {
      setError(cause)
    } finally {
      setPending(false)
    }
  }
  return { isPending, error, errors: fieldErrors(error), onSubmit: (event) => void submit(event) }
}
