import { describe, expect, it } from 'vitest'
import type { Quiz } from '../api/types'
import {
  duplicate,
  moved,
  newQuestion,
  newQuiz,
  numberErrors,
  QUESTION_TYPES,
  toDraft,
  toQuizIn,
  withErrors,
  withKnownIds,
} from './draft'

const quiz: Quiz = {
  id: 'qz_1',
  title: 'Fractions 1',
  subject: 'Mathematics',
  grade_level: 5,
  question_count: 6,
  revision: 1,
  has_unpublished_changes: true,
  published_version: null,
  created_at: '2026-11-21T10:00:00.000Z',
  updated_at: '2026-11-21T10:00:00.000Z',
  questions: [
    {
      id: 'q_1',
      type: 'multiple_choice',
      prompt: '1/2 + 1/4 = ?',
      points: 10,
      explanation: 'Bring them to quarters.',
      options: [
        { id: 'opt_1', text: '3/4', correct: true },
        { id: 'opt_2', text: '2/6', correct: false },
      ],
    },
    { id: 'q_2', type: 'true_false', prompt: '0.5 = 1/2', points: 5, explanation: null, correct: true },
    {
      id: 'q_3',
      type: 'numeric',
      prompt: 'pi',
      points: 10,
      explanation: null,
      value: 3.14,
      tolerance: 0.005,
    },
    { id: 'q_4', type: 'short_answer', prompt: 'Capital?', points: 10, explanation: null, accept: ['Paris'] },
    {
      id: 'q_5',
      type: 'ordering',
      prompt: 'Smallest first',
      points: 10,
      explanation: null,
      items: [
        { id: 'itm_1', text: '1/4' },
        { id: 'itm_2', text: '1/2' },
      ],
    },
    {
      id: 'q_6',
      type: 'matching',
      prompt: 'Match',
      points: 10,
      explanation: null,
      pairs: [{ left: { id: 'lft_1', text: '1/2' }, right: { id: 'rgt_1', text: '50 %' } }],
    },
  ],
}

const error = (pointer: string) => ({ pointer, code: 'too_few', detail: 'Too few.' })

describe('quiz draft', () => {
  it('a quiz goes through the draft and comes out as it was, with its ids', () => {
    const { title, subject, grade_level, questions } = quiz
    const withoutNulls = JSON.parse(JSON.stringify(questions, (_, value) => value ?? undefined))
    expect(toQuizIn(toDraft(quiz))).toEqual({ title, subject, grade_level, questions: withoutNulls })
  })

  it('a duplicate is new to the server in all its parts', () => {
    const sent = toQuizIn({ ...newQuiz(), questions: toDraft(quiz).questions.map(duplicate) })
    expect(JSON.stringify(sent)).not.toContain('"id"')
    expect(sent.questions.map(({ prompt }) => prompt)).toEqual(quiz.questions.map(({ prompt }) => prompt))
  })

  it('saving over another version keeps the ids that it still has, and no others', () => {
    const mine = toDraft(quiz)
    const theirs = { ...mine, questions: mine.questions.slice(0, 1) }
    const sent = toQuizIn(withKnownIds(mine, theirs)).questions
    expect(sent[0]).toMatchObject({ id: 'q_1', options: [{ id: 'opt_1' }, { id: 'opt_2' }] })
    expect(JSON.stringify(sent.slice(1))).not.toContain('"id"')
  })

  it('what should be a number and is none is found before anything is sent', () => {
    const question = { ...newQuestion('numeric'), value: 'three', points: '' }
    const pointers = numberErrors({ ...newQuiz(), gradeLevel: '5', questions: [question] }).map(
      ({ pointer }) => pointer,
    )
    expect(pointers).toEqual(['/questions/0/points', '/questions/0/value'])
  })

  it('a new question of every type sends only what belongs to its type', () => {
    for (const { type } of QUESTION_TYPES) {
      const draft = { ...newQuiz(), questions: [newQuestion(type)] }
      const [sent] = toQuizIn(draft).questions
      expect(sent?.type).toBe(type)
      expect(Object.keys(sent ?? {}).length).toBeLessThanOrEqual(5)
    }
  })

  it('changing the type and back keeps what was written', () => {
    const question = toDraft(quiz).questions[0]
    if (!question) throw new Error('the quiz has a first question')
    const there = { ...question, type: 'ordering' as const }
    const back = { ...there, type: 'multiple_choice' as const }
    expect(toQuizIn({ ...newQuiz(), questions: [back] }).questions[0]).toMatchObject({
      options: [{ text: '3/4' }, { text: '2/6' }],
    })
  })

  it('a decimal comma is a decimal point', () => {
    const question = { ...newQuestion('numeric'), value: '3,14', tolerance: ' 0,5 ' }
    expect(toQuizIn({ ...newQuiz(), questions: [question] }).questions[0]).toMatchObject({
      value: 3.14,
      tolerance: 0.5,
    })
  })

  it('complaints go to their question and stay with it when it moves', () => {
    const draft = withErrors(toDraft(quiz), [
      error('/title'),
      error('/questions/1/prompt'),
      error('/questions/2'),
    ])
    expect(draft.errors.map((item) => item.pointer)).toEqual(['/title'])
    expect(draft.questions[1]?.errors[0]?.pointer).toBe('/prompt')
    expect(draft.questions[2]?.errors[0]?.pointer).toBe('')
    const after = moved(draft.questions, 1, -1)
    expect(after[0]?.errors[0]?.pointer).toBe('/prompt')
  })

  it('a complaint about a question that is not there is about the quiz', () => {
    expect(withErrors(newQuiz(), [error('/questions/7/prompt')]).errors).toHaveLength(1)
  })

  it('nothing moves over the edge', () => {
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
    expect(moved(['a', 'b'], 1, 1)).toEqual(['a', 'b'])
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
  })
})
