import { describe, expect, it } from 'vitest'
import type { Question } from '../../api/types'
import { objectivesOf, shownParts } from './shown-key'

const question = (fields: Partial<Question>): Question =>
  ({ type: 'true_false', prompt: '?', ...fields }) as Question
const shown = (fields: Partial<Question>) =>
  shownParts(question(fields)).map(({ text, isKey }) => (isKey ? `[${text}]` : text))

describe('the preview of a question', () => {
  it('marks what is right and nothing else', () => {
    const options = [{ text: '3/4', correct: true }, { text: '2/6' }]
    expect(shown({ type: 'multiple_choice', options } as Partial<Question>)).toEqual(['[3/4]', '2/6'])
    expect(shown({ correct: false })).toEqual(['True', '[False]'])
  })

  it('says the key of types without options', () => {
    expect(shown({ type: 'numeric', value: 0.5, tolerance: 0 })).toEqual(['[0.5]'])
    expect(shown({ type: 'numeric', value: 3.14, tolerance: 0.005 })).toEqual(['[3.14, up to 0.005 off]'])
    expect(shown({ type: 'short_answer', accept: ['Paris', 'paris'] })).toEqual(['[Paris]', '[paris]'])
    expect(shown({ type: 'ordering', items: ['1/4', { id: 'p_1', text: '1/3' }] })).toEqual([
      '[1. 1/4]',
      '[2. 1/3]',
    ])
    expect(shown({ type: 'matching', pairs: [{ left: '1/2', right: '50 %' }] })).toEqual(['[1/2 → 50 %]'])
  })

  it('takes one objective a line', () => {
    expect(objectivesOf(' Add fractions \n\n Compare them\n')).toEqual(['Add fractions', 'Compare them'])
    expect(objectivesOf('')).toEqual([])
  })
})
