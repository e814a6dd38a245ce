/** What to say of deployments that have moved since the list was seen last. */
import type { Deployment } from '../../../api/types'

/** One sentence for each that has come to its end. What was not in the list before is no move. */
export function newsOf(before: Deployment[], after: Deployment[]): string[] {
  return after.flatMap((now) => {
    const then = before.find(({ id }) => id === now.id)
    if (!then || then.status === now.status) return []
    if (now.status === 'deployed') return [`${now.title} is live as version ${now.version}.`]
    if (now.status === 'failed') return [`${now.title} was not deployed: ${now.failure}.`]
    return []
  })
}
