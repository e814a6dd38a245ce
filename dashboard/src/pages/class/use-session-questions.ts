/** The questions of the current session: their order and prompts, which the live events do not repeat. */
import { useQuery } from '@tanstack/react-query'
import type { LiveSession, ResultsQuestion } from '../../api/types'
import { loadResults } from '../../live/load'

/** Empty until they are loaded. A session plays an immutable version, so they never change. */
export function useSessionQuestions(classId: string, session: LiveSession | null): ResultsQuestion[] {
  const query = useQuery({
    queryKey: ['session-questions', session?.id ?? ''],
    queryFn: async () => (await loadResults(classId, session?.id ?? '')).questions,
    enabled: session !== null,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return query.data ?? []
}
