/** Labelled fields with a hint and the server's complaint beside them. */
import { type ReactNode, useId } from 'react'
import {
  Checkbox as AriaCheckbox,
  Radio as AriaRadio,
  RadioGroup as AriaRadioGroup,
  TextField as AriaTextField,
  FieldError,
  Input,
  Label,
  Text,
  TextArea,
} from 'react-aria-components'

interface FieldProps {
  label: ReactNode
  /** Kept for screen readers only when the place already says what it is. */
  isLabelHidden?: boolean
  hint?: ReactNode
  error?: string | undefined
}

export interface TextInputProps extends FieldProps {
  value: string
  onChange: (value: string) => void
  type?: 'text' | 'email' | 'password' | 'date'
  inputMode?: 'text' | 'numeric' | 'decimal'
  autoComplete?: string
  autoFocus?: boolean
  isRequired?: boolean
  isMultiline?: boolean
  /** Starts with the height of one line; grows with its text. */
  isCompact?: boolean
  maxLength?: number
}

/** One line of text, or several with `isMultiline`. */
export function TextInput({
  label,
  isLabelHidden,
  hint,
  error,
  isMultiline,
  isCompact,
  inputMode,
  ...rest
}: TextInputProps) {
  return (
    <AriaTextField
      {...rest}
      className={isCompact ? 'field field-compact' : 'field'}
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label className={isLabelHidden ? 'sr-only' : 'field-label'}>{label}</Label>
      {hint && (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      {isMultiline ? (
        <TextArea className="input" rows={isCompact ? 1 : 2} />
      ) : (
        <Input className="input" inputMode={inputMode ?? 'text'} />
      )}
      <FieldError className="field-error">{error}</FieldError>
    </AriaTextField>
  )
}

export interface SelectInputProps extends FieldProps {
  value: string
  onChange: (value: string) => void
  options: { value: string; label: string }[]
}

/** The browser's own select: the phone's picker and the keyboard's type-ahead come with it. */
export function SelectInput({
  label,
  isLabelHidden,
  hint,
  error,
  value,
  onChange,
  options,
}: SelectInputProps) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id} className={isLabelHidden ? 'sr-only' : 'field-label'}>
        {label}
      </label>
      {hint && (
        <span id={`${id}-hint`} className="field-hint">
          {hint}
        </span>
      )}
      <select
        id={id}
        className="input"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={error !== undefined}
        aria-describedby={
          [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined
        }
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {error && (
        <span id={`${id}-error`} className="field-error">
          {error}
        </span>
      )}
    </div>
  )
}

export interface RadioInputProps extends FieldProps {
  value: string
  onChange: (value: string) => void
  options: { value: string; label: string; hint?: string }[]
  isInline?: boolean
}

/** One of a few, all of them visible. */
export function RadioInput({
  label,
  isLabelHidden,
  hint,
  error,
  value,
  onChange,
  options,
  isInline,
}: RadioInputProps) {
  return (
    <AriaRadioGroup className="field" value={value} onChange={onChange} isInvalid={error !== undefined}>
      <Label className={isLabelHidden ? 'sr-only' : 'field-label'}>{label}</Label>
      {hint && (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      <div className={isInline ? 'row' : undefined}>
        {options.map((option) => (
          <AriaRadio key={option.value} value={option.value} className="choice">
            {({ isSelected }) => (
              <>
                <span className="choice-mark" aria-hidden="true">
                  {isSelected && '●'}
                </span>
                <span>
                  {option.label}
                  {option.hint && <span className="field-hint">: {option.hint}</span>}
                </span>
              </>
            )}
          </AriaRadio>
        ))}
      </div>
      <FieldError className="field-error">{error}</FieldError>
    </AriaRadioGroup>
  )
}

export interface CheckInputProps {
  label: ReactNode
  isLabelHidden?: boolean
  isSelected: boolean
  onChange: (isSelected: boolean) => void
}

/** Yes or no. */
export function CheckInput({ label, isLabelHidden, isSelected, onChange }: CheckInputProps) {
  return (
    <AriaCheckbox className="choice" isSelected={isSelected} onChange={onChange}>
      <span className="choice-mark choice-mark-square" aria-hidden="true">
        {isSelected && '✓'}
      </span>
      <span className={isLabelHidden ? 'sr-only' : undefined}>{label}</span>
    </AriaCheckbox>
  )
}
