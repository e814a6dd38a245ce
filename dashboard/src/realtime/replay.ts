/**
 * Numbered events in order, whatever order they come in: from the socket, from another tab, or out of the room's log.
 *
 * Invariant: exactly the events up to and including `seq` have been handed on. One that comes twice or late is dropped;
 * one that comes early waits until the gap before it is filled.
 */

export interface Numbered {
  seq: number
}

export interface Sequence<E extends Numbered> {
  /** `null`: the place is not known; the next event that arrives sets it. */
  seq: number | null
  early: ReadonlyMap<number, E>
}

export interface Progress<E extends Numbered> extends Sequence<E> {
  /** What can be handed on now, in order. */
  due: E[]
}

/** Whether events are missing between what was handed on and what has arrived. */
export const hasGap = ({ early }: Sequence<Numbered>): boolean => early.size > 0

/** One event has come. */
export function arrive<E extends Numbered>({ seq, early }: Sequence<E>, event: E): Progress<E> {
  if (seq !== null && event.seq <= seq) return { seq, early, due: [] }
  if (seq === null || event.seq === seq + 1) return drain(event.seq, early, [event])
  return { seq, early: early.has(event.seq) ? early : new Map(early).set(event.seq, event), due: [] }
}

/** A piece of the log has come. The log has no holes of its own: what it leaves out up to `upTo` is gone on purpose. */
export function replay<E extends Numbered>(
  { seq, early }: Sequence<E>,
  events: readonly E[],
  upTo: number,
): Progress<E> {
  const due: E[] = []
  let last = seq
  for (const event of [...events].sort((a, b) => a.seq - b.seq)) {
    if (last !== null && event.seq <= last) continue
    due.push(event)
    last = event.seq
  }
  return drain(Math.max(last ?? upTo, upTo), early, due)
}

/** What waited and follows now goes along; what has become old is dropped. */
function drain<E extends Numbered>(upTo: number, early: ReadonlyMap<number, E>, due: E[]): Progress<E> {
  let seq = upTo
  const left = new Map(early)
  for (const waiting of [...early.keys()].sort((a, b) => a - b)) {
    const event = early.get(waiting)
    if (event === undefined || waiting > seq + 1) break
    left.delete(waiting)
    if (waiting !== seq + 1) continue
    due.push(event)
    seq = waiting
  }
  return { seq, early: left, due }
}

export interface LogPage<E extends Numbered> {
  items: E[]
  last_seq: number
  oldest_seq: number
}

/** Everything after `after` up to `upTo`, or that the log does not reach back so far any more. */
export type Missed<E> = { events: E[]; upTo: number } | 'gone'

/** Reads the log page by page. */
export async function readMissed<E extends Numbered>(
  after: number,
  loadPage: (after: number) => Promise<LogPage<E>>,
): Promise<Missed<E>> {
  const events: E[] = []
  let last = after
  for (;;) {
    const page = await loadPage(last)
    if (last < page.oldest_seq - 1) return 'gone'
    events.push(...page.items)
    const read = page.items.reduce((highest, { seq }) => Math.max(highest, seq), last)
    if (read === last || read >= page.last_seq) return { events, upTo: Math.max(read, page.last_seq) }
    last = read
  }
}
