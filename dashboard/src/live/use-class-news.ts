/** For pages that show something of a class which they read once: what changes in the class is read again. */
import { useClass } from '../api/queries'
import { CLASS_CHANNELS, useRoom } from '../realtime/use-room'
import { useStale } from '../realtime/use-stale'
import { readChannelEvent } from './events'
import { staleAfter, staleAfterGap } from './stale'

/** Follows the class, if there is one. */
export function useClassNews(classId: string | null): void {
  const markStale = useStale()
  const schoolClass = useClass(classId).data
  const id = schoolClass?.id ?? ''
  useRoom(schoolClass?.room_key ?? null, CLASS_CHANNELS, {
    onEvent: ({ channel, name, data }) => {
      const event = channel === 'private-class' ? readChannelEvent(name, data) : null
      if (event) markStale(staleAfter(id, event))
    },
    // Of what came before there is no list here: all of it may be old.
    onLive: () => markStale(staleAfterGap(id)),
  })
}
