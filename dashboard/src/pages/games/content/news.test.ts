import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../api/types'
import { newsOf } from './news'

const deployment = (id: string, change: Partial<Deployment>): Deployment => ({
  id,
  content_id: 'cnt_1',
  game_id: 'game_1',
  title: 'Orbit',
  kind: 'lesson',
  status: 'pending',
  is_live: false,
  requested_at: '2026-11-30T10:00:00Z',
  ...change,
})

describe('news of deployments', () => {
  it('tell of each that went live or failed, with the version or the reason', () => {
    const before = [deployment('a', {}), deployment('b', { status: 'deploying', title: 'Atoms' })]
    const after = [
      deployment('a', { status: 'deployed', version: 3, is_live: true }),
      deployment('b', { status: 'failed', title: 'Atoms', failure: 'the game is archived' }),
    ]
    expect(newsOf(before, after)).toEqual([
      'Orbit is live as version 3.',
      'Atoms was not deployed: the game is archived.',
    ])
  })

  it('say nothing of what stayed, is on its way, was rolled back by hand, or is seen for the first time', () => {
    const live = deployment('a', { status: 'deployed', version: 1, is_live: true })
    expect(newsOf([live], [live])).toEqual([])
    expect(newsOf([deployment('a', {})], [deployment('a', { status: 'deploying' })])).toEqual([])
    expect(newsOf([live], [deployment('a', { status: 'rolled_back', version: 1 })])).toEqual([])
    expect(newsOf([], [live])).toEqual([])
  })
})
