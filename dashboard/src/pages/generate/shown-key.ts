/** What the preview shows of a question: its parts, and which of them are its key. */
import type { Question, QuestionPart } from '../../api/types'

export interface ShownPart {
  text: string
  /** Whether it is the key, or belongs to it. */
  isKey: boolean
}

const part = (item: QuestionPart): string => (typeof item === 'string' ? item : item.text)
const key = (text: string): ShownPart => ({ text, isKey: true })

/** The parts in the order of the quiz. */
export function shownParts(question: Question): ShownPart[] {
  switch (question.type) {
    case 'multiple_choice':
    case 'multiple_response':
      return (question.options ?? []).map(({ text, correct }) => ({ text, isKey: correct === true }))
    case 'true_false':
      return [
        { text: 'True', isKey: question.correct === true },
        { text: 'False', isKey: question.correct === false },
      ]
    case 'numeric':
      return [key(numeric(question.value ?? 0, question.tolerance ?? 0))]
    case 'short_answer':
      return (question.accept ?? []).map(key)
    case 'ordering':
      return (question.items ?? []).map((item, index) => key(`${index + 1}. ${part(item)}`))
    case 'matching':
      return (question.pairs ?? []).map(({ left, right }) => key(`${part(left)} → ${part(right)}`))
  }
}

const numeric = (value: number, tolerance: number): string =>
  tolerance === 0 ? String(value) : `${value}, up to ${tolerance} off`

/** The objectives that somebody typed, one a line. */
export const objectivesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
