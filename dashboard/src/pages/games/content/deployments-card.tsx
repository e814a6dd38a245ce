/** The versions of a game: where each deployment stands, why one failed, and the way back to the version before. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { api, unwrap } from '../../../api/client'
import type { Deployment, GameDetail } from '../../../api/types'
import { When } from '../../../ui/dates'
import { ConfirmButton } from '../../../ui/dialog'
import { More } from '../../../ui/more'
import { notify } from '../../../ui/notices'
import { ErrorState, Skeleton } from '../../../ui/states'
import { gameKeys, useDeployments } from '../queries'
import { newsOf } from './news'
import { DeploymentBadge, KINDS } from './states'

export function DeploymentsCard({ game }: { game: GameDetail }) {
  const deployments = useDeployments(game.id)
  const heading = useRef<HTMLHeadingElement>(null)
  useNews(game.id, deployments.data)
  return (
    <section className="card" aria-labelledby="versions-title">
      <div className="card-head">
        <h2 id="versions-title" ref={heading} tabIndex={-1}>
          Versions
        </h2>
      </div>
      {deployments.isPending && <Skeleton rows={2} />}
      {deployments.isError && !deployments.data && (
        <ErrorState
          title="The versions could not be loaded"
          error={deployments.error}
          onRetry={() => void deployments.refetch()}
        />
      )}
      {deployments.data?.length === 0 && (
        <p className="muted">
          Nothing was deployed to this game yet: its servers get no content. Deploy what is ready.
        </p>
      )}
      {deployments.data && deployments.data.length > 0 && (
        <ul className="rows" aria-labelledby="versions-title">
          {deployments.data.map((deployment) => (
            <DeploymentRow
              key={deployment.id}
              deployment={deployment}
              mayRollBack={deployment.is_live && game.status !== 'archived'}
              // The button that had the focus is gone with the state that it was for.
              onRolledBack={() => heading.current?.focus()}
            />
          ))}
        </ul>
      )}
      <More pages={deployments} label="Show older versions" />
    </section>
  )
}

/** Says what became of deployments while one looks, and lets the page of the game know. */
function useNews(gameId: string, deployments: Deployment[] | undefined) {
  const client = useQueryClient()
  const seen = useRef<Deployment[]>([])
  useEffect(() => {
    if (!deployments) return
    const news = newsOf(seen.current, deployments)
    seen.current = deployments
    for (const text of news) notify(text)
    if (news.length > 0) void client.invalidateQueries({ queryKey: gameKeys.game(gameId) })
  }, [client, gameId, deployments])
}

interface DeploymentRowProps {
  deployment: Deployment
  mayRollBack: boolean
  onRolledBack: () => void
}

function DeploymentRow({ deployment, mayRollBack, onRolledBack }: DeploymentRowProps) {
  const { title, version } = deployment
  const name = version == null ? title : `Version ${version}: ${title}`
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {name}
          <DeploymentBadge deployment={deployment} />
        </span>
        <span className="muted small">
          {KINDS[deployment.kind]} · asked for <When at={deployment.requested_at} />
          <WhatCameOfIt deployment={deployment} />
        </span>
        {deployment.failure && <span className="field-error">It failed: {deployment.failure}.</span>}
      </span>
      {mayRollBack && <RollBackButton deployment={deployment} name={name} onRolledBack={onRolledBack} />}
    </li>
  )
}

function WhatCameOfIt({ deployment }: { deployment: Deployment }) {
  if (deployment.rolled_back_at)
    return (
      <>
        {' '}
        · rolled back <When at={deployment.rolled_back_at} />
      </>
    )
  if (deployment.acknowledged_at)
    return (
      <>
        {' '}
        · a game server has it since <When at={deployment.acknowledged_at} />
      </>
    )
  return deployment.is_live && ' · no game server has it yet'
}

interface RollBackButtonProps {
  deployment: Deployment
  name: string
  onRolledBack: () => void
}

function RollBackButton({ deployment, name, onRolledBack }: RollBackButtonProps) {
  const client = useQueryClient()
  const rollBack = async () => {
    const params = { path: { deployment_id: deployment.id } }
    await unwrap(api.POST('/api/v1/roblox/content/deployments/{deployment_id}/rollback', { params }))
    await Promise.all([
      client.invalidateQueries({ queryKey: gameKeys.deployments(deployment.game_id) }),
      client.invalidateQueries({ queryKey: gameKeys.game(deployment.game_id) }),
    ])
    notify(`${name} is rolled back.`)
    setTimeout(onRolledBack)
  }
  return (
    <ConfirmButton
      size="small"
      aria-label={`Roll back ${name}`}
      title={`Roll ${name} back?`}
      consequence="The game’s servers get again what was live before it, within seconds; if there was nothing, they get no content."
      confirmLabel="Roll it back"
      onConfirm={rollBack}
    >
      Roll back
    </ConfirmButton>
  )
}
