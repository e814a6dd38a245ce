/** One question in the editor: what all types share, the part of its own type, and its place in the quiz. */
import type { QuestionType } from '../api/types'
import { Button } from '../ui/button'
import { SelectInput, TextInput } from '../ui/fields'
import { type DraftQuestion, QUESTION_TYPES } from './draft'
import { QuestionParts } from './question-parts'

export interface QuestionCardProps {
  question: DraftQuestion
  index: number
  count: number
  onChange: (change: Partial<DraftQuestion>) => void
  onMove: (by: -1 | 1) => void
  onDuplicate: () => void
  onRemove: () => void
}

/** The card of one question. */
export function QuestionCard({
  question,
  index,
  count,
  onChange,
  onMove,
  onDuplicate,
  onRemove,
}: QuestionCardProps) {
  const number = index + 1
  const errorAt = (pointer: string) => question.errors.find((error) => error.pointer === pointer)?.detail
  return (
    <section
      id={question.key}
      className={question.errors.length > 0 ? 'card question question-wrong' : 'card question'}
      aria-labelledby={`${question.key}-title`}
      tabIndex={-1}
    >
      <div className="card-head">
        <h2 id={`${question.key}-title`}>Question {number}</h2>
        <div className="question-tools">
          <Button
            variant="quiet"
            size="icon"
            aria-label={`Move question ${number} up`}
            isDisabled={index === 0}
            onPress={() => onMove(-1)}
          >
            ↑
          </Button>
          <Button
            variant="quiet"
            size="icon"
            aria-label={`Move question ${number} down`}
            isDisabled={number === count}
            onPress={() => onMove(1)}
          >
            ↓
          </Button>
          <Button
            variant="quiet"
            size="small"
            aria-label={`Duplicate question ${number}`}
            onPress={onDuplicate}
          >
            Duplicate
          </Button>
          <Button variant="quiet" size="small" aria-label={`Remove question ${number}`} onPress={onRemove}>
            Remove
          </Button>
        </div>
      </div>
      <div className="stack">
        {errorAt('') && <p className="field-error">{errorAt('')}</p>}
        <div className="question-meta">
          <SelectInput
            label="Type"
            value={question.type}
            onChange={(type) => onChange({ type: type as QuestionType })}
            options={QUESTION_TYPES.map(({ type, label }) => ({ value: type, label }))}
            error={errorAt('/type')}
          />
          <TextInput
            label="Points"
            inputMode="numeric"
            value={question.points}
            onChange={(points) => onChange({ points })}
            error={errorAt('/points')}
          />
        </div>
        <TextInput
          label={question.type === 'true_false' ? 'Statement' : 'Question'}
          isMultiline
          value={question.prompt}
          onChange={(prompt) => onChange({ prompt })}
          error={errorAt('/prompt')}
        />
        <QuestionParts question={question} onChange={onChange} errorAt={errorAt} />
        <TextInput
          label="Explanation"
          hint="Optional, for you."
          isMultiline
          isCompact
          value={question.explanation}
          onChange={(explanation) => onChange({ explanation })}
          error={errorAt('/explanation')}
        />
      </div>
    </section>
  )
}
