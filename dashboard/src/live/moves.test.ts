import { describe, expect, it } from 'vitest'
import { allowedMoves } from './moves'

const at = (over: Partial<Parameters<typeof allowedMoves>[0]>) =>
  allowedMoves({
    status: 'running',
    pace: 'self',
    frozen: false,
    question_count: 3,
    question_index: null,
    ...over,
  })

describe('moves of a live session', () => {
  it('a lobby can only be started or given up', () => {
    expect(at({ status: 'lobby' })).toEqual(['start', 'end'])
  })

  it('a self-paced session has no next question', () => {
    expect(at({})).toEqual(['pause', 'freeze', 'end'])
  })

  it('a host-paced session opens questions until the last one', () => {
    expect(at({ pace: 'host' })).toContain('next')
    expect(at({ pace: 'host', question_index: 1 })).toContain('next')
    expect(at({ pace: 'host', question_index: 2 })).not.toContain('next')
  })

  it('a class can be frozen and let go, running or paused', () => {
    expect(at({ frozen: true })).toEqual(['pause', 'unfreeze', 'end'])
    expect(at({ status: 'paused' })).toEqual(['resume', 'freeze', 'end'])
    expect(at({ status: 'paused', frozen: true })).toEqual(['resume', 'unfreeze', 'end'])
  })

  it('nothing moves after the end', () => {
    expect(at({ status: 'ended' })).toEqual([])
  })
})
