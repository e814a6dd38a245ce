import { describe, expect, it } from 'vitest'
import { arrive, hasGap, type LogPage, type Numbered, readMissed, replay, type Sequence } from './replay'

const event = (seq: number): Numbered => ({ seq })
const from = (seq: number | null): Sequence<Numbered> => ({ seq, early: new Map() })

/** What a page is handed, in order, when these come one after the other. */
function handed(
  start: Sequence<Numbered>,
  steps: ((state: Sequence<Numbered>) => ReturnType<typeof arrive>)[],
) {
  const due: number[] = []
  let state = start
  for (const go of steps) {
    const { due: next, ...rest } = go(state)
    due.push(...next.map(({ seq }) => seq))
    state = rest
  }
  return { due, state }
}

const live = (seq: number) => (state: Sequence<Numbered>) => arrive(state, event(seq))
const log = (seqs: number[], upTo: number) => (state: Sequence<Numbered>) =>
  replay(state, seqs.map(event), upTo)

describe('events', () => {
  it('are handed on in order, once, however they come', () => {
    const { due, state } = handed(from(0), [3, 1, 1, 5, 2, 3, 4, 2].map(live))
    expect(due).toEqual([1, 2, 3, 4, 5])
    expect(state).toEqual({ seq: 5, early: new Map() })
  })

  it('wait behind a gap until the log fills it', () => {
    const before = handed(from(4), [live(7), live(8)])
    expect(before.due).toEqual([])
    expect(hasGap(before.state)).toBe(true)
    const { due, state } = handed(before.state, [log([5, 6], 6)])
    expect(due).toEqual([5, 6, 7, 8])
    expect(hasGap(state)).toBe(false)
  })

  it('of a replay that overlaps the socket are handed on once', () => {
    const { due, state } = handed(from(1), [live(2), live(3), log([2, 3, 4], 4), live(4), live(5)])
    expect(due).toEqual([2, 3, 4, 5])
    expect(state.seq).toBe(5)
  })

  it('that waited are not handed on twice when the log brings them as well', () => {
    const { due, state } = handed(from(1), [live(4), log([2, 3, 4, 5], 5)])
    expect(due).toEqual([2, 3, 4, 5])
    expect(hasGap(state)).toBe(false)
  })

  it('that the log leaves out are no gap', () => {
    const { due, state } = handed(from(1), [log([3], 6), live(7)])
    expect(due).toEqual([3, 7])
    expect(state.seq).toBe(7)
  })

  it('begin anywhere when the place is not known', () => {
    expect(handed(from(null), [live(41), live(40), live(42)]).due).toEqual([41, 42])
  })

  it('of an empty log move nothing back', () => {
    expect(handed(from(9), [log([], 7), live(10)]).due).toEqual([10])
  })
})

describe('the log', () => {
  /** A log that keeps these, `size` on a page. */
  const logOf =
    (seqs: number[], size: number) =>
    async (afterSeq: number): Promise<LogPage<Numbered>> => ({
      items: seqs
        .filter((seq) => seq > afterSeq)
        .slice(0, size)
        .map(event),
      oldest_seq: seqs[0] ?? 0,
      last_seq: seqs.at(-1) ?? 0,
    })

  it('is read to its end, page by page', async () => {
    expect(await readMissed(2, logOf([1, 2, 3, 4, 5, 6, 7], 2))).toEqual({
      events: [3, 4, 5, 6, 7].map(event),
      upTo: 7,
    })
  })

  it('that begins right behind us has everything', async () => {
    expect(await readMissed(4, logOf([5, 6], 10))).toMatchObject({ upTo: 6 })
  })

  it('that begins later has a gap, which is told', async () => {
    expect(await readMissed(3, logOf([5, 6], 10))).toBe('gone')
  })

  it('that is cut while we read it has a gap as well', async () => {
    const loadPage = async (afterSeq: number) =>
      afterSeq === 0
        ? { items: [event(1)], oldest_seq: 1, last_seq: 90 }
        : { items: [event(80)], oldest_seq: 80, last_seq: 90 }
    expect(await readMissed(0, loadPage)).toBe('gone')
  })

  it('that is empty has nothing', async () => {
    expect(await readMissed(0, logOf([], 10))).toEqual({ events: [], upTo: 0 })
  })
})
