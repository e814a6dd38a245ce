/** The rooms that this tab is in, bound to this browser. Components that want the same room share it. */
import { session } from '../auth/use-session'
import { type Campaign, campaignAlone, campaignByLocks } from './leadership'
import { Room, type RoomAddress, type RoomPorts } from './room'
import { type Channel, type Said, SharedRoom } from './shared'

interface Entered {
  room: SharedRoom
  /** How many are in it. */
  count: number
}

const entered = new Map<string, Entered>()

const ports: RoomPorts = {
  makeSocket: async (address, handlers) => (await import('./pusher')).makeSocket(address, handlers),
  access: (refused) => session.access(refused),
  isOnline: () => navigator.onLine,
  onNetwork: (changed) => onEvents(window, ['online', 'offline'], changed),
  random: Math.random,
}

/** Enters the room as this person; whoever enters leaves it once. */
export function enterRoom(address: RoomAddress, userId: string): { room: SharedRoom; leave: () => void } {
  const name = `toolboxai.room.${userId}.${address.appKey}`
  const known = entered.get(name) ?? { room: makeRoom(address, name), count: 0 }
  known.count += 1
  entered.set(name, known)
  const leave = () => {
    known.count -= 1
    if (known.count > 0) return
    entered.delete(name)
    known.room.close()
  }
  return { room: known.room, leave }
}

function makeRoom(address: RoomAddress, name: string): SharedRoom {
  const { campaign, channel } = shareByBrowser(name)
  return new SharedRoom({
    open: (listener) => new Room(address, ports, listener),
    campaign,
    channel,
    isVisible: () => document.visibilityState === 'visible',
    onVisible: (shown) =>
      onEvents(document, ['visibilitychange'], () => document.visibilityState === 'visible' && shown()),
  })
}

/** Older browsers lack locks or channels, whatever the types say; so does a page that is not served securely. */
function shareByBrowser(name: string): { campaign: Campaign; channel: Channel } {
  const locks = navigator.locks as LockManager | undefined
  if (!locks || typeof BroadcastChannel === 'undefined')
    return { campaign: campaignAlone, channel: { post: () => {}, listen: () => {}, close: () => {} } }
  const channel = new BroadcastChannel(name)
  return {
    campaign: campaignByLocks(locks, name),
    channel: {
      post: (said) => channel.postMessage(said),
      listen: (hear) => {
        channel.onmessage = ({ data }: MessageEvent<Said>) => hear(data)
      },
      close: () => channel.close(),
    },
  }
}

function onEvents(target: EventTarget, names: string[], run: () => unknown): () => void {
  const listener = () => void run()
  for (const name of names) target.addEventListener(name, listener)
  return () => {
    for (const name of names) target.removeEventListener(name, listener)
  }
}
