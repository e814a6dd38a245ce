/** What the school has to say to everybody at this moment, over every page until it is put away. */
import { useState } from 'react'
import { SCHOOL_CHANNELS, useRoom } from '../realtime/use-room'
import { Button } from '../ui/button'

interface Announcement {
  seq: number
  text: string
}

/** The newest one only: an older one that nobody put away has had its time. */
export function Announcements({ schoolId }: { schoolId: string }) {
  const [shown, setShown] = useState<Announcement | null>(null)
  useRoom(schoolId, SCHOOL_CHANNELS, {
    onEvent: ({ data }) => {
      const heard = readAnnouncement(data)
      if (heard) setShown((before) => (before && heard.seq <= before.seq ? before : heard))
    },
    // What was said while nobody listened was said to others.
    onLive: () => undefined,
  })
  const text = shown?.text ?? ''
  return (
    <div {...(text !== '' && { className: 'banner', role: 'region', 'aria-label': 'Announcement' })}>
      <span role="status">{text}</span>{' '}
      {text !== '' && (
        <Button size="small" onPress={() => setShown((before) => before && { ...before, text: '' })}>
          Put away
        </Button>
      )}
    </div>
  )
}

function readAnnouncement(data: unknown): Announcement | null {
  if (typeof data !== 'object' || data === null) return null
  const { seq, text } = data as { seq?: unknown; text?: unknown }
  return typeof seq === 'number' && typeof text === 'string' ? { seq, text } : null
}
