/** A field for a password to be: its length, how hard it is to guess while one types, and what the server says of it. */
import { useEffect, useId, useState } from 'react'
import { TextInput } from './fields'
import './new-password.css'

export const PASSWORD_MIN = 8
export const PASSWORD_MAX = 128

export interface NewPasswordProps {
  label: string
  value: string
  onChange: (password: string) => void
  error?: string | undefined
  /** Names and addresses of the person, which make a password easy to guess. */
  own: string[]
  autoFocus?: boolean
}

/** The field with its meter. There are no rules about what must be in it. */
export function NewPasswordInput({ label, value, onChange, error, own, autoFocus }: NewPasswordProps) {
  const [isShown, setShown] = useState(false)
  const strength = useStrength(value, own)
  return (
    <div className="new-password">
      <TextInput
        label={label}
        hint={`At least ${PASSWORD_MIN} characters; three or four words in a row are good.`}
        type={isShown ? 'text' : 'password'}
        autoComplete="new-password"
        maxLength={PASSWORD_MAX}
        value={value}
        onChange={onChange}
        error={error}
        {...(autoFocus && { autoFocus })}
        isRequired
      />
      <div className="new-password-below">
        <Meter length={[...value].length} strength={strength} />
        <button
          type="button"
          className="button button-quiet button-small"
          aria-pressed={isShown}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? 'Hide' : 'Show'}
          <span className="sr-only"> the password</span>
        </button>
      </div>
    </div>
  )
}

const WORDS = ['Very easy to guess', 'Easy to guess', 'Could be better', 'Good', 'Very good']

function Meter({ length, strength }: { length: number; strength: number | null }) {
  const id = useId()
  const isShort = length < PASSWORD_MIN
  const score = length === 0 || isShort ? 0 : (strength ?? 0)
  const missing = PASSWORD_MIN - length
  const text =
    length === 0
      ? ''
      : isShort
        ? `${missing} more ${missing === 1 ? 'character' : 'characters'}`
        : strength === null
          ? ''
          : WORDS[strength]
  return (
    <div className="meter">
      <span className="meter-bar" data-score={length === 0 ? undefined : score} aria-hidden="true">
        {WORDS.map((word, index) => (
          <span key={word} className={length > 0 && index <= score ? 'meter-part meter-on' : 'meter-part'} />
        ))}
      </span>
      <span id={id} className="meter-text small" role="status">
        {text}
      </span>
    </div>
  )
}

/** The strength of what was typed; nothing while the estimator is on its way, or when it could not be loaded. */
function useStrength(password: string, own: string[]): number | null {
  const [estimate, setEstimate] = useState<((password: string, own: string[]) => number) | null>(null)
  const hasBegun = password !== ''
  useEffect(() => {
    if (!hasBegun) return
    let isHere = true
    import('../auth/strength').then(
      ({ strengthOf }) => isHere && setEstimate(() => strengthOf),
      () => undefined,
    )
    return () => {
      isHere = false
    }
  }, [hasBegun])
  if (estimate === null || password.length < PASSWORD_MIN) return null
  return estimate(password.slice(0, PASSWORD_MAX), own)
}
