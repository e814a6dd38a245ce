/** The content that can become a game's next version: new, looked over, made ready, deployed, put away. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { api, unwrap } from '../../../api/client'
import { idempotencyKeys } from '../../../api/forms'
import type { Content, GameDetail } from '../../../api/types'
import { Button } from '../../../ui/button'
import { ConfirmButton, Dialog } from '../../../ui/dialog'
import { More } from '../../../ui/more'
import { notify } from '../../../ui/notices'
import { ErrorState, Skeleton } from '../../../ui/states'
import { gameKeys, useContent } from '../queries'
import { GenerateForm } from './generate-form'
import { ContentBadge, KINDS } from './states'
import { TemplateForm } from './template-form'

export function ContentCard({ game }: { game: GameDetail }) {
  const content = useContent()
  const [isOpen, setOpen] = useState<'template' | 'generate' | null>(null)
  const shown = content.data?.filter(({ status }) => status !== 'archived')
  const close = () => setOpen(null)
  return (
    <section className="card" aria-labelledby="content-title">
      <div className="card-head">
        <h2 id="content-title">Content</h2>
        <div className="row">
          <Button onPress={() => setOpen('generate')}>Generate content</Button>
          <Button variant="primary" onPress={() => setOpen('template')}>
            From a template
          </Button>
        </div>
      </div>
      {content.isPending && <Skeleton rows={2} />}
      {content.isError && !content.data && (
        <ErrorState
          title="The content could not be loaded"
          error={content.error}
          onRetry={() => void content.refetch()}
        />
      )}
      {shown?.length === 0 && (
        <p className="muted">
          There is no content yet. Begin with a template, or let a lesson or a quiz be generated.
        </p>
      )}
      {shown && shown.length > 0 && (
        <ul className="rows" aria-labelledby="content-title">
          {shown.map((item) => (
            <ContentRow key={item.id} item={item} game={game} />
          ))}
        </ul>
      )}
      <More pages={content} label="Show more content" />
      <Dialog title="Content from a template" isOpen={isOpen === 'template'} onClose={close}>
        <TemplateForm onClose={close} />
      </Dialog>
      <Dialog title="Generate content" isOpen={isOpen === 'generate'} onClose={close}>
        <GenerateForm onClose={close} />
      </Dialog>
    </section>
  )
}

function ContentRow({ item, game }: { item: Content; game: GameDetail }) {
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {item.title}
          <ContentBadge status={item.status} />
        </span>
        <span className="muted small">
          {KINDS[item.kind]} · {item.subject} · Grade {item.grade_level}
          {item.kind === 'quiz' && item.status === 'ready' && (
            <>
              {' '}
              · its questions are among <Link href="/quizzes">your quizzes</Link>
            </>
          )}
        </span>
        {item.failure && <span className="field-error">It failed: {item.failure}.</span>}
      </span>
      <div className="row">
        {item.status === 'draft' && <ReadyButton item={item} />}
        {item.status === 'ready' && <DeployButton item={item} game={game} />}
        {(item.status === 'draft' || item.status === 'ready' || item.status === 'failed') && (
          <ArchiveButton item={item} />
        )}
      </div>
    </li>
  )
}

/** Moves a content on, unless somebody else changed it since it was read. */
function usePatch(item: Content) {
  const client = useQueryClient()
  return async (status: 'ready' | 'archived') => {
    const params = { path: { content_id: item.id }, header: { 'If-Match': `"${item.revision}"` } }
    try {
      await unwrap(api.PATCH('/api/v1/roblox/content/{content_id}', { params, body: { status } }))
    } finally {
      await client.invalidateQueries({ queryKey: gameKeys.content })
    }
  }
}

function ReadyButton({ item }: { item: Content }) {
  const patch = usePatch(item)
  return (
    <ConfirmButton
      size="small"
      aria-label={`Make ${item.title} ready`}
      title={`Is ${item.title} ready?`}
      consequence="What is ready can be deployed: pupils see it then."
      confirmLabel="It is ready"
      onConfirm={() => patch('ready')}
    >
      Make ready
    </ConfirmButton>
  )
}

function ArchiveButton({ item }: { item: Content }) {
  const patch = usePatch(item)
  return (
    <ConfirmButton
      size="small"
      variant="quiet"
      aria-label={`Archive ${item.title}`}
      title={`Archive ${item.title}?`}
      consequence="This is for good: it cannot be deployed any more. Versions that were made of it stay as they are."
      confirmLabel="Archive it"
      onConfirm={() => patch('archived')}
    >
      Archive
    </ConfirmButton>
  )
}

function DeployButton({ item, game }: { item: Content; game: GameDetail }) {
  const client = useQueryClient()
  const [keyFor, setKeys] = useState(idempotencyKeys)
  const deploy = async () => {
    const body = { content_id: item.id, game_id: game.id }
    const params = { header: { 'Idempotency-Key': keyFor(body) } }
    await unwrap(api.POST('/api/v1/roblox/content/deploy', { params, body }))
    // After a roll-back the same content may be deployed again: that is another intention.
    setKeys(idempotencyKeys)
    await client.invalidateQueries({ queryKey: gameKeys.deployments(game.id) })
    notify(`${item.title} will be live in a moment.`)
  }
  return (
    <ConfirmButton
      size="small"
      aria-label={`Deploy ${item.title}`}
      title={`Deploy ${item.title}?`}
      consequence={`It becomes the next version of ${game.title}; its servers get it within seconds. You can roll it back.`}
      confirmLabel="Deploy it"
      onConfirm={deploy}
    >
      Deploy
    </ConfirmButton>
  )
}
