/** Where content and its deployments stand, in a word or two. */
import type { ContentKind, ContentStatus, Deployment } from '../../../api/types'

export const KINDS: Record<ContentKind, string> = {
  lesson: 'Lesson',
  quiz: 'Quiz',
  activity: 'Activity',
  terrain: 'Terrain',
  script: 'Script',
}

interface State {
  name: string
  look: string
}

const CONTENT: Record<ContentStatus, State> = {
  draft: { name: 'Draft', look: '' },
  queued: { name: 'Waits to be generated', look: '' },
  generating: { name: 'Being generated', look: '' },
  ready: { name: 'Ready', look: 'badge-accent' },
  failed: { name: 'Failed', look: 'badge-warn' },
  archived: { name: 'Archived', look: '' },
}

const DEPLOYMENTS: Record<Deployment['status'], State> = {
  pending: { name: 'Waiting', look: '' },
  deploying: { name: 'Being published', look: '' },
  // What took its place, or it the place of what was rolled back, is live.
  deployed: { name: 'Replaced', look: '' },
  failed: { name: 'Failed', look: 'badge-warn' },
  rolled_back: { name: 'Rolled back', look: 'badge-warn' },
}

const LIVE: State = { name: 'Live', look: 'badge-accent' }

const Badge = ({ state: { name, look } }: { state: State }) => <span className={`badge ${look}`}>{name}</span>

export const ContentBadge = ({ status }: { status: ContentStatus }) => <Badge state={CONTENT[status]} />

export const DeploymentBadge = ({ deployment }: { deployment: Deployment }) => (
  <Badge state={deployment.is_live ? LIVE : DEPLOYMENTS[deployment.status]} />
)
