/** What the school has to say to everybody at this moment, over every page until it is put away. */
import { useRef, useState } from 'react'
import { Link } from 'wouter'
import { keys } from '../api/queries'
import { SCHOOL_CHANNELS, useRoom } from '../realtime/use-room'
import { useStale } from '../realtime/use-stale'
import { Button } from '../ui/button'
import { loadNewest } from './announcements'

interface Heard {
  seq: number
  text: string
}

/** The newest one only: an older one that nobody put away has had its time, and is in the list. */
export function AnnouncementBanner({ schoolId }: { schoolId: string }) {
  const [shown, setShown] = useState<Heard | null>(null)
  /** The newest number that this tab knows of; `null` before its first connection. */
  const known = useRef<number | null>(null)
  const markStale = useStale()
  const show = (heard: Heard) => {
    if (known.current !== null && heard.seq <= known.current) return
    known.current = heard.seq
    setShown(heard)
  }
  /** What was said before this tab was there is in the list; what was said while it was cut off is shown. */
  const catchUp = async () => {
    const newest = await loadNewest(schoolId, known.current ?? 0)
    if (known.current === null) known.current = newest?.seq ?? 0
    else if (newest) show(newest)
  }
  useRoom(schoolId, SCHOOL_CHANNELS, {
    onEvent: ({ data }) => {
      const heard = readAnnouncement(data)
      if (heard) show(heard)
      markStale([keys.announcements])
    },
    onLive: () => {
      markStale([keys.announcements])
      // A server that cannot be asked now is asked at the next connection.
      catchUp().catch(() => undefined)
    },
  })
  const text = shown?.text ?? ''
  return (
    <div {...(text !== '' && { className: 'banner', role: 'region', 'aria-label': 'Announcement' })}>
      <span role="status">{text}</span>{' '}
      {text !== '' && (
        <>
          <Link href="/announcements">All announcements</Link>{' '}
          <Button size="small" onPress={() => setShown(null)}>
            Put away
          </Button>
        </>
      )}
    </div>
  )
}

function readAnnouncement(data: unknown): Heard | null {
  if (typeof data !== 'object' || data === null) return null
  const { seq, text } = data as { seq?: unknown; text?: unknown }
  return typeof seq === 'number' && typeof text === 'string' ? { seq, text } : null
}
