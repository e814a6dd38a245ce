/** What a plugin may do, in words. */
import type { Capability } from '../../api/types'

const NAMES: Record<Capability, string> = {
  'content:read': 'read lessons and quizzes',
  'content:generate': 'generate content',
  'script:read': 'get scripts for the place',
  'progress:write': 'report progress out of the place',
}

export function Capabilities({ of }: { of: Capability[] }) {
  return <>{of.map((name) => NAMES[name] ?? name).join(', ')}</>
}
