/** What a page shows when it has nothing to show yet, nothing at all, or a problem. */
import type { ReactNode } from 'react'
import { explain } from '../api/problem'
import { Button } from './button'

/** Grey blocks in the shape of what is coming. */
export function Skeleton({ rows = 3, height = '4.5rem' }: { rows?: number; height?: string }) {
  return (
    <div className="stack" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks are all alike
        <div key={index} className="skeleton" style={{ height }} />
      ))}
    </div>
  )
}

/** A whole page that is still on its way. */
export function LoadingPage() {
  return (
    <main className="page" id="main">
      <h1 className="sr-only">Loading</h1>
      <Skeleton />
    </main>
  )
}

/** Nothing here, and what to do about it. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: string
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="state">
      <h2>{title}</h2>
      <p className="muted">{children}</p>
      {action}
    </div>
  )
}

/** A problem, in a sentence, with the way out. */
export function ErrorState({
  title,
  error,
  onRetry,
}: {
  title: string
  error: unknown
  onRetry?: () => void
}) {
  return (
    <div className="state state-error" role="alert">
      <h2>{title}</h2>
      <p>{explain(error)}</p>
      {onRetry && <Button onPress={onRetry}>Try again</Button>}
    </div>
  )
}
