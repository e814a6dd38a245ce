import { expect, it, describe as suite } from 'vitest'
import type { Inbox, Notification } from '../api/types'
import { bellLabel, describe, timeAgo, withAllRead, withRead } from './inbox'

const NOW = new Date('2026-03-02T10:00:00.000Z')
const EARLIER = '2026-03-02T09:00:00.000Z'

const waiting = (id: string, over: Partial<Notification> = {}): Notification => ({
  id,
  type: 'seat_waiting',
  class_id: 'cls_1',
  class_name: '5a',
  seat_id: `seat_${id}`,
  display_name: 'Ada',
  created_at: EARLIER,
  read_at: null,
  ...over,
})

const inbox: Inbox = { items: [waiting('a'), waiting('b'), waiting('c', { read_at: EARLIER })], unread: 2 }

suite('the bell', () => {
  it('has the number in its name only when there is one', () => {
    expect(bellLabel(2)).toBe('Notifications, 2 unread')
    expect(bellLabel(0)).toBe('Notifications')
  })
})

suite('a notification', () => {
  it('says that the pupil waits only while it is unread', () => {
    expect(describe(waiting('a'))).toBe('Ada waits to be let into 5a')
    expect(describe(waiting('a', { read_at: EARLIER }))).toBe('Ada asked to be let into 5a')
  })

  it.each([
    ['2026-03-02T10:00:30.000Z', 'just now'],
    ['2026-03-02T09:59:01.000Z', 'just now'],
    ['2026-03-02T09:59:00.000Z', '1 minute ago'],
    ['2026-03-02T09:00:01.000Z', '59 minutes ago'],
    [EARLIER, '1 hour ago'],
    ['2026-03-01T10:00:00.000Z', 'yesterday'],
    ['2026-02-27T10:00:00.000Z', '3 days ago'],
  ])('of %s came %s', (createdAt, said) => {
    expect(timeAgo(createdAt, NOW.getTime())).toBe(said)
  })
})

suite('reading', () => {
  it('one counts it off and leaves the others alone', () => {
    const after = withRead(inbox, 'a', NOW)
    expect(after.unread).toBe(1)
    expect(after.items).toEqual([
      waiting('a', { read_at: NOW.toISOString() }),
      inbox.items[1],
      inbox.items[2],
    ])
  })

  it('one that was read already, or is not there, changes nothing', () => {
    expect(withRead(inbox, 'c', NOW)).toEqual(inbox)
    expect(withRead(inbox, 'z', NOW)).toEqual(inbox)
  })

  it('all leaves nothing unread and keeps when others were read', () => {
    const after = withAllRead({ ...inbox, unread: 7 }, NOW)
    expect(after.unread).toBe(0)
    expect(after.items.map((item) => item.read_at)).toEqual([NOW.toISOString(), NOW.toISOString(), EARLIER])
  })
})
