/** A field for the six digits of an authenticator app: a phone's number pad, and the code that the browser offers. */
import { TextInput } from './fields'

export interface CodeInputProps {
  label: string
  hint?: string
  error?: string | undefined
  value: string
  onChange: (digits: string) => void
  autoFocus?: boolean
}

/** Takes digits only, also out of a pasted `123 456`. */
export function CodeInput({ onChange, ...props }: CodeInputProps) {
  return (
    <TextInput
      {...props}
      inputMode="numeric"
      autoComplete="one-time-code"
      onChange={(text) => onChange(text.replaceAll(/\D/g, '').slice(0, 6))}
      isRequired
    />
  )
}
