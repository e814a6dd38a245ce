/**
 * Which tab of a browser does something for all: the one that holds a Web Lock. A browser frees the lock of a tab that
 * is closed or crashes by itself. A tab that it has put to sleep keeps its lock, so another one may take it.
 *
 * A SharedWorker would do without leaders, but phones lack it (Chrome on Android had none for years), and the token lives
 * in the tabs, which share their session in the same way (`auth/tabs.ts`).
 */

export interface Candidate {
  /** Leads now, whoever did. */
  take: () => void
  /** Leads no more, and does not want to. */
  withdraw: () => void
}

/** Waits for its turn; then `begin`, and `end` when another one has taken over. Then it waits again. */
export type Campaign = (handlers: { begin: () => void; end: () => void }) => Candidate

/** By the browser's locks. */
export function campaignByLocks(locks: LockManager, name: string): Campaign {
  return ({ begin, end }) => {
    let leading: object | null = null
    let release: () => void = () => undefined
    let isOver = false
    let queue = new AbortController()

    const request = (options: LockOptions) => {
      const own = {}
      const hold = () => {
        if (isOver) return Promise.resolve()
        const wasLeading = leading !== null
        leading = own
        if (!wasLeading) begin()
        return new Promise<void>((resolve) => {
          release = resolve
        })
      }
      locks.request(name, options, hold).catch(() => {
        // Left the queue, or leads by another request by now.
        if (leading !== own) return
        leading = null
        end()
        wait()
      })
    }
    const wait = () => {
      queue = new AbortController()
      request({ signal: queue.signal })
    }

    wait()
    return {
      take: () => {
        if (isOver || leading !== null) return
        queue.abort()
        request({ steal: true })
      },
      withdraw: () => {
        isOver = true
        leading = null
        queue.abort()
        release()
      },
    }
  }
}

/** Where there are no locks, or no way to talk: each tab for itself. */
export const campaignAlone: Campaign = ({ begin }) => {
  let isOver = false
  // Not before the caller has what this returns.
  queueMicrotask(() => !isOver && begin())
  return {
    take: () => undefined,
    withdraw: () => {
      isOver = true
    },
  }
}
