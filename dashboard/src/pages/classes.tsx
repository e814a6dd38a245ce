/** The teacher's classes: where every day starts. */
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useClasses } from '../api/queries'
import type { SchoolClass } from '../api/types'
import { Button } from '../ui/button'
import { Page } from '../ui/page'
import { EmptyState, ErrorState, Skeleton } from '../ui/states'
import { ClassDialog } from './class-dialog'
import './classes.css'

/** The list of classes. */
export function ClassesPage() {
  const classes = useClasses()
  const [isCreating, setCreating] = useState(false)
  const [, navigate] = useLocation()
  const create = (
    <Button variant="primary" onPress={() => setCreating(true)}>
      New class
    </Button>
  )
  const hasNone = classes.data?.length === 0

  return (
    <Page title="Classes" actions={hasNone ? undefined : create}>
      {classes.isPending && <Skeleton />}
      {classes.isError && !classes.data && (
        <ErrorState
          title="Your classes could not be loaded"
          error={classes.error}
          onRetry={() => void classes.refetch()}
        />
      )}
      {hasNone && (
        <EmptyState title="Make your first class" action={create}>
          A class has a join code that pupils type in the game. Make one, then prepare a quiz and start it
          live.
        </EmptyState>
      )}
      {classes.data && !hasNone && (
        <ul className="class-list">
          {classes.data.map((item) => (
            <ClassCard key={item.id} item={item} />
          ))}
        </ul>
      )}
      {classes.hasNextPage && (
        <div className="list-more">
          <Button isPending={classes.isFetchingNextPage} onPress={() => void classes.fetchNextPage()}>
            Show more classes
          </Button>
        </div>
      )}
      <ClassDialog
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onSaved={(saved) => navigate(`/classes/${saved.id}`)}
      />
    </Page>
  )
}

function ClassCard({ item }: { item: SchoolClass }) {
  return (
    <li className="card class-card">
      <h2>
        <Link href={`/classes/${item.id}`} className="class-card-link">
          {item.name}
        </Link>
      </h2>
      <p className="muted">
        {item.subject} · Grade {item.grade_level}
      </p>
      <p className="class-card-code">
        <span className="muted small">Join code</span>
        {item.join_code ? (
          <span className="code-small">{item.join_code}</span>
        ) : (
          <span className="badge">closed</span>
        )}
      </p>
    </li>
  )
}
