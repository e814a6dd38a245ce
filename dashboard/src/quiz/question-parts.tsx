/** The part of a question that differs from type to type: where the key is written. */
import type { ReactNode } from 'react'
import { Button } from '../ui/button'
import { CheckInput, RadioInput, TextInput } from '../ui/fields'
import { type DraftQuestion, moved, newOption, newPair, newText } from './draft'

export interface PartsProps {
  question: DraftQuestion
  onChange: (change: Partial<DraftQuestion>) => void
  errorAt: (pointer: string) => string | undefined
}

/** The fields of the question's own type. */
export function QuestionParts(props: PartsProps) {
  switch (props.question.type) {
    case 'multiple_choice':
    case 'multiple_response':
      return <Options {...props} />
    case 'true_false':
      return <TrueFalse {...props} />
    case 'numeric':
      return <Numeric {...props} />
    case 'short_answer':
      return (
        <Texts
          {...props}
          part="accept"
          legend="Accepted answers"
          hint="Capitals and extra spaces do not matter. Add every spelling that counts."
          itemLabel="Answer"
          addLabel="Add an answer"
        />
      )
    case 'ordering':
      return (
        <Texts
          {...props}
          part="items"
          legend="Items in their right order"
          hint="Pupils get them shuffled."
          itemLabel="Item"
          addLabel="Add an item"
        />
      )
    case 'matching':
      return <Pairs {...props} />
  }
}

interface PartsFrameProps {
  legend: string
  hint?: string
  error: string | undefined
  children: ReactNode
}

function PartsFrame({ legend, hint, error, children }: PartsFrameProps) {
  return (
    <fieldset className="parts">
      <legend className="field-label">{legend}</legend>
      {hint && <p className="field-hint">{hint}</p>}
      {error && <p className="field-error">{error}</p>}
      {children}
    </fieldset>
  )
}

function replaced<T extends { key: string }>(items: T[], key: string, change: Partial<T>): T[] {
  return items.map((item) => (item.key === key ? { ...item, ...change } : item))
}

function Options({ question, onChange, errorAt }: PartsProps) {
  const isSingle = question.type === 'multiple_choice'
  const mark = (key: string, correct: boolean) =>
    question.options.map((item) => ({
      ...item,
      correct: item.key === key ? correct : isSingle && correct ? false : item.correct,
    }))
  return (
    <PartsFrame
      legend="Options"
      hint={
        isSingle
          ? 'Tick the right one. Pupils get them shuffled.'
          : 'Tick all that are right. Pupils get them shuffled.'
      }
      error={errorAt('/options')}
    >
      {question.options.map((item, index) => (
        <div key={item.key} className="part">
          <CheckInput
            label={`Option ${index + 1} is right`}
            isLabelHidden
            isSelected={item.correct}
            onChange={(correct) => onChange({ options: mark(item.key, correct) })}
          />
          <TextInput
            label={`Option ${index + 1}`}
            isLabelHidden
            value={item.text}
            onChange={(text) => onChange({ options: replaced(question.options, item.key, { text }) })}
            error={
              errorAt(`/options/${index}/text`) ??
              errorAt(`/options/${index}/correct`) ??
              errorAt(`/options/${index}`)
            }
          />
          <RemovePart
            label={`Remove option ${index + 1}`}
            onPress={() => onChange({ options: question.options.filter(({ key }) => key !== item.key) })}
          />
        </div>
      ))}
      <AddPart
        label="Add an option"
        onPress={() => onChange({ options: [...question.options, newOption()] })}
      />
    </PartsFrame>
  )
}

function TrueFalse({ question, onChange, errorAt }: PartsProps) {
  return (
    <RadioInput
      label="The statement is"
      value={question.isTrue ? 'true' : 'false'}
      onChange={(value) => onChange({ isTrue: value === 'true' })}
      options={[
        { value: 'true', label: 'True' },
        { value: 'false', label: 'False' },
      ]}
      error={errorAt('/correct')}
      isInline
    />
  )
}

function Numeric({ question, onChange, errorAt }: PartsProps) {
  return (
    <div className="field-grid">
      <TextInput
        label="Right value"
        inputMode="decimal"
        value={question.value}
        onChange={(value) => onChange({ value })}
        error={errorAt('/value')}
      />
      <TextInput
        label="Tolerance"
        hint="0 accepts exactly this value."
        inputMode="decimal"
        value={question.tolerance}
        onChange={(tolerance) => onChange({ tolerance })}
        error={errorAt('/tolerance')}
      />
    </div>
  )
}

interface TextsProps extends PartsProps {
  part: 'accept' | 'items'
  legend: string
  hint: string
  itemLabel: string
  addLabel: string
}

function Texts({ question, onChange, errorAt, part, legend, hint, itemLabel, addLabel }: TextsProps) {
  const texts = question[part]
  return (
    <PartsFrame legend={legend} hint={hint} error={errorAt(`/${part}`)}>
      {texts.map((item, index) => (
        <div key={item.key} className="part">
          {part === 'items' && (
            <span className="part-number muted numbers" aria-hidden="true">
              {index + 1}.
            </span>
          )}
          <TextInput
            label={`${itemLabel} ${index + 1}`}
            isLabelHidden
            value={item.text}
            onChange={(text) => onChange({ [part]: replaced(texts, item.key, { text }) })}
            error={errorAt(`/${part}/${index}`) ?? errorAt(`/${part}/${index}/text`)}
          />
          {part === 'items' && (
            <Button
              variant="quiet"
              size="icon"
              aria-label={`Move item ${index + 1} up`}
              isDisabled={index === 0}
              onPress={() => onChange({ items: moved(texts, index, -1) })}
            >
              ↑
            </Button>
          )}
          <RemovePart
            label={`Remove ${itemLabel.toLowerCase()} ${index + 1}`}
            onPress={() => onChange({ [part]: texts.filter(({ key }) => key !== item.key) })}
          />
        </div>
      ))}
      <AddPart label={addLabel} onPress={() => onChange({ [part]: [...texts, newText()] })} />
    </PartsFrame>
  )
}

function Pairs({ question, onChange, errorAt }: PartsProps) {
  const { pairs } = question
  return (
    <PartsFrame legend="Pairs" hint="Pupils get both sides shuffled." error={errorAt('/pairs')}>
      {pairs.map((item, index) => (
        <div key={item.key} className="part">
          <TextInput
            label={`Left side of pair ${index + 1}`}
            isLabelHidden
            value={item.left}
            onChange={(left) => onChange({ pairs: replaced(pairs, item.key, { left }) })}
            error={errorAt(`/pairs/${index}/left`) ?? errorAt(`/pairs/${index}`)}
          />
          <span className="part-number muted" aria-hidden="true">
            ↔
          </span>
          <TextInput
            label={`Right side of pair ${index + 1}`}
            isLabelHidden
            value={item.right}
            onChange={(right) => onChange({ pairs: replaced(pairs, item.key, { right }) })}
            error={errorAt(`/pairs/${index}/right`)}
          />
          <RemovePart
            label={`Remove pair ${index + 1}`}
            onPress={() => onChange({ pairs: pairs.filter(({ key }) => key !== item.key) })}
          />
        </div>
      ))}
      <AddPart label="Add a pair" onPress={() => onChange({ pairs: [...pairs, newPair()] })} />
    </PartsFrame>
  )
}

function RemovePart({ label, onPress }: { label: string; onPress: () => void }) {
  return (
    <Button variant="quiet" size="icon" aria-label={label} onPress={onPress}>
      ✕
    </Button>
  )
}

function AddPart({ label, onPress }: { label: string; onPress: () => void }) {
  return (
    <div>
      <Button variant="quiet" size="small" onPress={onPress}>
        + {label}
      </Button>
    </div>
  )
}
