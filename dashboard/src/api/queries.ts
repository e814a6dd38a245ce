/** The reads that several pages share, under one key each. */
import { type QueryClient, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { loadResults } from '../live/load'
import { api, unwrap } from './client'

/** As many as fit a screen or two. */
const PAGE_SIZE = 50

export const keys = {
  classes: ['classes'] as const,
  class: (id: string) => ['class', id] as const,
  sessions: (classId: string) => ['sessions', classId] as const,
  resultsOf: (classId: string) => ['results', classId] as const,
  results: (classId: string, sessionId: string) => ['results', classId, sessionId] as const,
  quizzes: ['quizzes'] as const,
  quiz: (id: string) => ['quiz', id] as const,
  notifications: ['notifications'] as const,
  announcements: ['announcements'] as const,
  me: ['me'] as const,
}

interface PageOf<T> {
  items: T[]
  next_cursor?: string | null
}

/** How often a list is asked for anew while something in it moves by itself. */
export const MOVING_MS = 2_000

/** A list that comes page by page, as one list; asked for anew `everyMs` while something in it `isMoving`. */
export function usePages<T>(
  key: readonly string[],
  load: (cursor: string | null) => Promise<PageOf<T>>,
  isMoving: (item: T) => boolean = () => false,
  everyMs = MOVING_MS,
) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => load(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor ?? null,
    select: (data) => data.pages.flatMap((page) => page.items),
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isMoving)) ? everyMs : false,
  })
}

/** What a request for one page of a list says. */
export const pageQuery = (cursor: string | null) => ({ limit: PAGE_SIZE, ...(cursor !== null && { cursor }) })

/** A whole list whose pages are few, such as the parents of one class. */
export async function loadAll<T>(
  load: (query: ReturnType<typeof pageQuery>) => Promise<PageOf<T>>,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: PageOf<T> = await load(pageQuery(cursor))
    items.push(...page.items)
    cursor = page.next_cursor ?? null
  } while (cursor !== null)
  return items
}

/** The teacher's classes, page by page. */
export const useClasses = () =>
  usePages(keys.classes, (cursor) =>
    unwrap(api.GET('/api/v1/classes', { params: { query: pageQuery(cursor) } })),
  )

/** The school's quizzes, page by page. */
export const useQuizzes = () =>
  usePages(keys.quizzes, (cursor) =>
    unwrap(api.GET('/api/v1/quizzes', { params: { query: pageQuery(cursor) } })),
  )

/** The live sessions of a class, newest first. The server keeps the list short; there are no pages. */
export const useSessions = (classId: string) =>
  useQuery({
    queryKey: keys.sessions(classId),
    queryFn: async () => {
      const params = { path: { class_id: classId } }
      return (await unwrap(api.GET('/api/v1/classes/{class_id}/live-sessions', { params }))).items
    },
  })

const classQuery = (id: string) =>
  queryOptions({
    queryKey: keys.class(id),
    queryFn: () => unwrap(api.GET('/api/v1/classes/{class_id}', { params: { path: { class_id: id } } })),
  })

/** One class, or nothing while there is none. */
export const useClass = (id: string | null) => useQuery({ ...classQuery(id ?? ''), enabled: id !== null })

/** The table of one session, or nothing while there is no session. */
export const useResults = (classId: string, sessionId: string | null) =>
  useQuery({
    queryKey: keys.results(classId, sessionId ?? ''),
    queryFn: () => loadResults(classId, sessionId ?? ''),
    enabled: sessionId !== null,
  })

/** Who is signed in, with what the token does not say. */
export const useMe = () => useQuery({ queryKey: keys.me, queryFn: () => unwrap(api.GET('/api/v1/auth/me')) })

/** After a class was changed: the lists and its page ask anew. */
export function refreshClass(client: QueryClient, id: string): void {
  void client.invalidateQueries({ queryKey: keys.class(id) })
  void client.invalidateQueries({ queryKey: keys.classes })
}
