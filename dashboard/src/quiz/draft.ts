/**
 * A quiz while it is being written. A draft question holds the parts of every type side by side, as text, so that
 * changing the type back and forth loses nothing; only what belongs to its type is sent.
 */
import { toNumber } from '../api/forms'
import type { FieldError } from '../api/problem'
import type { Question, QuestionIn, QuestionType, Quiz, QuizIn } from '../api/types'

export interface DraftOption {
  key: string
  text: string
  correct: boolean
}

export interface DraftText {
  key: string
  text: string
}

export interface DraftPair {
  key: string
  left: string
  right: string
}

export interface DraftQuestion {
  /** Stays with the question when it moves; never sent. */
  key: string
  type: QuestionType
  prompt: string
  points: string
  explanation: string
  options: DraftOption[]
  isTrue: boolean
  value: string
  tolerance: string
  accept: DraftText[]
  items: DraftText[]
  pairs: DraftPair[]
  /** What the server said of this question, pointers relative to it. */
  errors: FieldError[]
}

export interface DraftQuiz {
  title: string
  subject: string
  gradeLevel: string
  questions: DraftQuestion[]
  /** What the server said of the quiz as a whole. */
  errors: FieldError[]
}

export const QUESTION_TYPES: { type: QuestionType; label: string; hint: string }[] = [
  { type: 'multiple_choice', label: 'Multiple choice', hint: 'one option is right' },
  { type: 'multiple_response', label: 'Multiple response', hint: 'several options are right' },
  { type: 'true_false', label: 'True or false', hint: 'a statement to judge' },
  { type: 'numeric', label: 'Number', hint: 'with a tolerance' },
  { type: 'short_answer', label: 'Short answer', hint: 'a word or two' },
  { type: 'ordering', label: 'Ordering', hint: 'items in their right order' },
  { type: 'matching', label: 'Matching', hint: 'pairs that belong together' },
]

const DEFAULT_POINTS = '10'

let keyCount = 0

/** A key that is unique in this tab. */
export function newKey(): string {
  keyCount += 1
  return `k${keyCount}`
}

const text = (value = ''): DraftText => ({ key: newKey(), text: value })
const option = (value = '', correct = false): DraftOption => ({ key: newKey(), text: value, correct })
const pair = (left = '', right = ''): DraftPair => ({ key: newKey(), left, right })

/** New parts, for "add". */
export const newText = () => text()
export const newOption = () => option()
export const newPair = () => pair()

/** An empty question with as many parts as its type needs at least. */
export function newQuestion(type: QuestionType): DraftQuestion {
  return {
    key: newKey(),
    type,
    prompt: '',
    points: DEFAULT_POINTS,
    explanation: '',
    options: [option('', true), option()],
    isTrue: true,
    value: '',
    tolerance: '0',
    accept: [text()],
    items: [text(), text()],
    pairs: [pair(), pair()],
    errors: [],
  }
}

/** An empty quiz. */
export function newQuiz(): DraftQuiz {
  return { title: '', subject: '', gradeLevel: '', questions: [], errors: [] }
}

/** The draft of a quiz that the server holds. */
export function toDraft(quiz: Quiz): DraftQuiz {
  return {
    title: quiz.title,
    subject: quiz.subject,
    gradeLevel: String(quiz.grade_level),
    questions: quiz.questions.map(toDraftQuestion),
    errors: [],
  }
}

function toDraftQuestion(question: Question): DraftQuestion {
  const draft: DraftQuestion = {
    ...newQuestion(question.type),
    prompt: question.prompt,
    points: String(question.points),
    explanation: question.explanation ?? '',
  }
  switch (question.type) {
    case 'multiple_choice':
    case 'multiple_response':
      return { ...draft, options: question.options.map((item) => option(item.text, item.correct)) }
    case 'true_false':
      return { ...draft, isTrue: question.correct }
    case 'numeric':
      return { ...draft, value: String(question.value), tolerance: String(question.tolerance) }
    case 'short_answer':
      return { ...draft, accept: question.accept.map((item) => text(item)) }
    case 'ordering':
      return { ...draft, items: question.items.map((item) => text(item.text)) }
    case 'matching':
      return { ...draft, pairs: question.pairs.map(({ left, right }) => pair(left.text, right.text)) }
  }
}

/** What is sent. Order and number of parts are kept as they stand, so that the server's pointers find them again. */
export function toQuizIn(draft: DraftQuiz): QuizIn {
  return {
    title: draft.title.trim(),
    subject: draft.subject.trim(),
    grade_level: toNumber(draft.gradeLevel),
    questions: draft.questions.map(toQuestionIn),
  }
}

function toQuestionIn(draft: DraftQuestion): QuestionIn {
  const explanation = draft.explanation.trim()
  const common = {
    prompt: draft.prompt.trim(),
    points: toNumber(draft.points),
    ...(explanation !== '' && { explanation }),
  }
  switch (draft.type) {
    case 'multiple_choice':
    case 'multiple_response': {
      const options = draft.options.map((item) => ({ text: item.text.trim(), correct: item.correct }))
      return { type: draft.type, ...common, options }
    }
    case 'true_false':
      return { type: draft.type, ...common, correct: draft.isTrue }
    case 'numeric':
      return {
        type: draft.type,
        ...common,
        value: toNumber(draft.value),
        tolerance: toNumber(draft.tolerance),
      }
    case 'short_answer':
      return { type: draft.type, ...common, accept: draft.accept.map((item) => item.text.trim()) }
    case 'ordering':
      return { type: draft.type, ...common, items: draft.items.map((item) => item.text.trim()) }
    case 'matching': {
      const pairs = draft.pairs.map(({ left, right }) => ({ left: left.trim(), right: right.trim() }))
      return { type: draft.type, ...common, pairs }
    }
  }
}

const QUESTION_POINTER = /^\/questions\/(\d+)(\/.*)?$/

/** Puts the server's complaints where they belong, so that they follow a question that is moved later. */
export function withErrors(draft: DraftQuiz, errors: FieldError[]): DraftQuiz {
  const byQuestion = new Map<number, FieldError[]>()
  const rest: FieldError[] = []
  for (const error of errors) {
    const match = QUESTION_POINTER.exec(error.pointer)
    const index = Number(match?.[1])
    if (match === null || index >= draft.questions.length) rest.push(error)
    else byQuestion.set(index, [...(byQuestion.get(index) ?? []), { ...error, pointer: match[2] ?? '' }])
  }
  const questions = draft.questions.map((question, index) => ({
    ...question,
    errors: byQuestion.get(index) ?? [],
  }))
  return { ...draft, questions, errors: rest }
}

/** Moves the item at `index` by one place; the list itself when there is no such place. */
export function moved<T>(items: T[], index: number, by: -1 | 1): T[] {
  const item = items[index]
  const target = index + by
  if (item === undefined || target < 0 || target >= items.length) return items
  return items.toSpliced(index, 1).toSpliced(target, 0, item)
}
