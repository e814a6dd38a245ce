/** The bell in the header: how much is unread, and the list behind it. */
import { useId, useState } from 'react'
import { DialogTrigger, Popover } from 'react-aria-components'
import { Link } from 'wouter'
import { explain } from '../api/problem'
import type { Inbox, Notification } from '../api/types'
import { Button } from '../ui/button'
import { ErrorState, Skeleton } from '../ui/states'
import { useNow } from '../ui/use-now'
import { bellLabel, describe, timeAgo } from './inbox'
import './notifications.css'
import { useNotifications } from './use-notifications'

/** "5 minutes ago" need not be more exact. */
const CLOCK_MS = 15_000

/** The button with the number, and its popover. */
export function NotificationBell({ userId }: { userId: string }) {
  const { query, readOne, readAll, refresh } = useNotifications(userId)
  const [isOpen, setOpen] = useState(false)
  const titleId = useId()
  const unread = query.data?.unread ?? 0
  const setOpenAndRefresh = (open: boolean) => {
    setOpen(open)
    if (!open) return
    readAll.reset()
    refresh()
  }
  const choose = (item: Notification) => {
    if (!item.read_at) readOne.mutate(item.id)
    setOpen(false)
  }
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={setOpenAndRefresh}>
      <Button variant="quiet" size="icon" aria-label={bellLabel(unread)}>
        <span className="bell">
          <BellMark />
          {unread > 0 && <span className="bell-count numbers">{unread}</span>}
        </span>
      </Button>
      {/* The popover itself is the dialog: React Aria's hidden close buttons then lie inside one too. */}
      <Popover className="popover" placement="bottom end" containerPadding={8} aria-labelledby={titleId}>
        <div className="notifications">
          <div className="notifications-head">
            <h2 id={titleId}>Notifications</h2>
            {unread > 0 && (
              <Button variant="quiet" size="small" onPress={() => readAll.mutate()}>
                Mark all as read
              </Button>
            )}
          </div>
          {readAll.isError && (
            <p className="field-error" role="alert">
              {explain(readAll.error)}
            </p>
          )}
          {query.data ? (
            <NotificationList inbox={query.data} isStale={query.isRefetchError} onChoose={choose} />
          ) : query.isError ? (
            <ErrorState title="The notifications could not be loaded" error={query.error} onRetry={refresh} />
          ) : (
            <Skeleton rows={2} height="3.5rem" />
          )}
        </div>
      </Popover>
    </DialogTrigger>
  )
}

interface ListProps {
  inbox: Inbox
  /** The last try to bring it up to date failed. */
  isStale: boolean
  onChoose: (item: Notification) => void
}

function NotificationList({ inbox, isStale, onChoose }: ListProps) {
  const now = useNow(CLOCK_MS)
  return (
    <>
      {isStale && <p className="muted small">This may be out of date: the server could not be asked.</p>}
      {inbox.unread === 0 && <p className="muted">Nothing waits for you.</p>}
      {inbox.items.length > 0 && (
        <ul>
          {inbox.items.map((item) => (
            <li key={item.id}>
              <Link
                href={`/classes/${item.class_id}`}
                className={item.read_at ? 'notification' : 'notification notification-unread'}
                onClick={() => onChoose(item)}
              >
                <span>
                  {!item.read_at && <span className="sr-only">Unread: </span>}
                  {describe(item)}
                </span>
                <time className="muted small" dateTime={item.created_at}>
                  {timeAgo(item.created_at, now)}
                </time>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function BellMark() {
  return (
    <svg className="bell-mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M5 17.5h14l-1.7-2.6V11a5.3 5.3 0 0 0-10.6 0v3.9z" />
      <path d="M12 5.5v-2M9.8 20.5h4.4" />
    </svg>
  )
}
