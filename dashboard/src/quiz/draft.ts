/**
 * A quiz while it is being written. A draft question holds the parts of every type side by side, as text, so that
 * changing the type back and forth loses nothing; only what belongs to its type is sent.
 */
import { notNumbers, toNumber } from '../api/forms'
import type { FieldError } from '../api/problem'
import type { Question, QuestionPart, QuestionType, Quiz, QuizIn } from '../api/types'

/** A part keeps the id that the server gave it, so that the results of two versions can be laid side by side. */
export interface DraftText {
  key: string
  id: string | null
  text: string
}

export interface DraftOption extends DraftText {
  correct: boolean
}

export interface DraftPair {
  key: string
  leftId: string | null
  left: string
  rightId: string | null
  right: string
}

export interface DraftQuestion {
  /** Stays with the question when it moves; never sent. */
  key: string
  /** The server's; `null` for a new question. */
  id: string | null
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

/** A new text. */
export const newText = (text = '', id: string | null = null): DraftText => ({ key: newKey(), id, text })

/** A new option. */
export const newOption = (correct = false): DraftOption => ({ ...newText(), correct })

/** A new pair. */
export const newPair = (): DraftPair => ({ key: newKey(), leftId: null, left: '', rightId: null, right: '' })

/** An empty question with as many parts as its type needs at least. */
export function newQuestion(type: QuestionType): DraftQuestion {
  return {
    key: newKey(),
    id: null,
    type,
    prompt: '',
    points: DEFAULT_POINTS,
    explanation: '',
    options: [newOption(true), newOption()],
    isTrue: true,
    value: '',
    tolerance: '0',
    accept: [newText()],
    items: [newText(), newText()],
    pairs: [newPair(), newPair()],
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
  const { options, accept, items, pairs } = question
  const empty = newQuestion(question.type)
  return {
    ...empty,
    id: question.id ?? null,
    prompt: question.prompt,
    points: String(question.points ?? DEFAULT_POINTS),
    explanation: question.explanation ?? '',
    options:
      options?.map(({ id, text, correct }) => ({ ...newText(text, id), correct: correct ?? false })) ??
      empty.options,
    isTrue: question.correct ?? empty.isTrue,
    value: question.value == null ? empty.value : String(question.value),
    tolerance: question.tolerance == null ? empty.tolerance : String(question.tolerance),
    accept: accept?.map((text) => newText(text)) ?? empty.accept,
    items: items?.map((item) => ({ ...newText(), ...partOf(item) })) ?? empty.items,
    pairs: pairs?.map(({ left, right }) => toDraftPair(partOf(left), partOf(right))) ?? empty.pairs,
  }
}

interface Part {
  id: string | null
  text: string
}

function partOf(part: QuestionPart): Part {
  return typeof part === 'string' ? { id: null, text: part } : { id: part.id ?? null, text: part.text }
}

function toDraftPair(left: Part, right: Part): DraftPair {
  return { key: newKey(), leftId: left.id, left: left.text, rightId: right.id, right: right.text }
}

/** The same question once more: new to the server in all its parts. */
export function duplicate(question: DraftQuestion): DraftQuestion {
  const anew = <T extends DraftText>(item: T): T => ({ ...item, key: newKey(), id: null })
  return {
    ...question,
    key: newKey(),
    id: null,
    options: question.options.map(anew),
    items: question.items.map(anew),
    pairs: question.pairs.map((item) => ({ ...item, key: newKey(), leftId: null, rightId: null })),
    errors: [],
  }
}

/** The draft without the ids that `other`, the server's present version, does not have: those parts are new to it. */
export function withKnownIds(draft: DraftQuiz, other: DraftQuiz): DraftQuiz {
  const known = new Set(other.questions.flatMap(idsOf))
  const keep = (id: string | null) => (id !== null && known.has(id) ? id : null)
  const kept = <T extends DraftText>(item: T): T => ({ ...item, id: keep(item.id) })
  const questions = draft.questions.map((question) => ({
    ...question,
    id: keep(question.id),
    options: question.options.map(kept),
    items: question.items.map(kept),
    pairs: question.pairs.map((item) => ({
      ...item,
      leftId: keep(item.leftId),
      rightId: keep(item.rightId),
    })),
  }))
  return { ...draft, questions }
}

function idsOf({ id, options, items, pairs }: DraftQuestion): (string | null)[] {
  const ofParts = [...options, ...items].map((part) => part.id)
  return [id, ...ofParts, ...pairs.flatMap(({ leftId, rightId }) => [leftId, rightId])]
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

function toQuestionIn(draft: DraftQuestion): Question {
  const explanation = draft.explanation.trim()
  const common = {
    ...idOf(draft.id),
    type: draft.type,
    prompt: draft.prompt.trim(),
    points: toNumber(draft.points),
    ...(explanation !== '' && { explanation }),
  }
  switch (draft.type) {
    case 'multiple_choice':
    case 'multiple_response':
      return { ...common, options: draft.options.map((item) => ({ ...toPart(item), correct: item.correct })) }
    case 'true_false':
      return { ...common, correct: draft.isTrue }
    case 'numeric':
      return { ...common, value: toNumber(draft.value), tolerance: toNumber(draft.tolerance) }
    case 'short_answer':
      return { ...common, accept: draft.accept.map((item) => item.text.trim()) }
    case 'ordering':
      return { ...common, items: draft.items.map(toPart) }
    case 'matching':
      return {
        ...common,
        pairs: draft.pairs.map(({ leftId, left, rightId, right }) => ({
          left: toPart({ id: leftId, text: left }),
          right: toPart({ id: rightId, text: right }),
        })),
      }
  }
}

const idOf = (id: string | null) => (id === null ? {} : { id })

const toPart = ({ id, text }: Part) => ({ ...idOf(id), text: text.trim() })

/** The fields that must hold a number and do not, as the server would complain of them: JSON cannot say "abc". */
export function numberErrors(draft: DraftQuiz): FieldError[] {
  const fields: [string, string][] = [['/grade_level', draft.gradeLevel]]
  draft.questions.forEach((question, index) => {
    fields.push([`/questions/${index}/points`, question.points])
    if (question.type !== 'numeric') return
    fields.push(
      [`/questions/${index}/value`, question.value],
      [`/questions/${index}/tolerance`, question.tolerance],
    )
  })
  return notNumbers(fields)
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
