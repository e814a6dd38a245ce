/** The announcements of a school: the list, and the newest one. */
import { api, quietApi, unwrap } from '../api/client'
import { keys, pageQuery, usePages } from '../api/queries'

const PATH = '/api/v1/schools/{school_id}/announcements'

/** Newest first. */
export const useAnnouncements = (schoolId: string) =>
  usePages(keys.announcements, (cursor) => {
    const params = { path: { school_id: schoolId }, query: pageQuery(cursor) }
    return unwrap(api.GET(PATH, { params }))
  })

/** The newest one with a number above `after`, if there is one. */
export async function loadNewest(schoolId: string, after: number) {
  const params = { path: { school_id: schoolId }, query: { after, limit: 1 } }
  const { items } = await unwrap(quietApi.GET(PATH, { params }))
  return items[0] ?? null
}

/** Says something to everybody. */
export function announce(schoolId: string, body: { text: string }, key: string) {
  const params = { path: { school_id: schoolId }, header: { 'Idempotency-Key': key } }
  return unwrap(api.POST(PATH, { params, body }))
}
