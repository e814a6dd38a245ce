/** Which class plays: one of those that the teacher runs. */
import { useClasses } from '../../api/queries'
import { SelectInput } from '../../ui/fields'

export interface ClassSelectProps {
  value: string
  onChange: (classId: string) => void
  error: string | undefined
  /** A game that has a class can get another one, but not lose it. */
  isRequired: boolean
}

export function ClassSelect({ value, onChange, error, isRequired }: ClassSelectProps) {
  const classes = useClasses()
  const known = (classes.data ?? []).map(({ id, name }) => ({ value: id, label: name }))
  const isElsewhere = value !== '' && !known.some((option) => option.value === value)
  return (
    <>
      <SelectInput
        label="Class that plays it"
        value={value}
        onChange={onChange}
        options={[
          ...(isRequired ? [] : [{ value: '', label: 'None yet' }]),
          ...(isElsewhere ? [{ value, label: 'The class it has now' }] : []),
          ...known,
        ]}
        error={error}
      />
      {classes.isError && <p className="field-error">The classes could not be loaded.</p>}
    </>
  )
}
