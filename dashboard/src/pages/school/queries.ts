/** What the admin's pages read. */
import { useQuery } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import { pageQuery, usePages } from '../../api/queries'
import type { Role, UserState } from '../../api/types'

export const schoolKeys = {
  school: ['school'] as const,
  people: ['people'] as const,
  invitations: ['invitations'] as const,
  keys: ['api-keys'] as const,
  audit: ['audit'] as const,
}

export const useSchool = () =>
  useQuery({ queryKey: schoolKeys.school, queryFn: () => unwrap(api.GET('/api/v1/schools/current')) })

export interface PeopleFilter {
  search: string
  role: Role | ''
  state: UserState | ''
}

export const usePeople = ({ search, role, state }: PeopleFilter) =>
  usePages([...schoolKeys.people, search, role, state], (cursor) => {
    const query = {
      ...pageQuery(cursor),
      ...(search && { search }),
      ...(role && { role }),
      ...(state && { state }),
    }
    return unwrap(api.GET('/api/v1/users', { params: { query } }))
  })

export const useInvitations = () =>
  usePages(schoolKeys.invitations, (cursor) =>
    unwrap(api.GET('/api/v1/invitations', { params: { query: pageQuery(cursor) } })),
  )

export const useKeys = () =>
  useQuery({
    queryKey: schoolKeys.keys,
    queryFn: async () => (await unwrap(api.GET('/api/v1/keys'))).items,
  })

export interface AuditFilter {
  action: string
  actor: string
  target: string
  /** Days, as a date field has them, in this browser's zone; empty for any. */
  from: string
  to: string
}

/** The filter as the server takes it: from the first moment of one day to the first after the other. */
export function auditQuery({ action, actor, target, from, to }: AuditFilter) {
  return {
    ...(action && { action }),
    ...(actor && { actor }),
    ...(target && { target }),
    ...(from && { after: startOfDay(from, 0) }),
    ...(to && { before: startOfDay(to, 1) }),
  }
}

function startOfDay(day: string, plusDays: number): string {
  const start = new Date(`${day}T00:00:00`)
  start.setDate(start.getDate() + plusDays)
  return start.toISOString()
}

export const useAudit = (filter: AuditFilter) => {
  const wanted = auditQuery(filter)
  return usePages([...schoolKeys.audit, JSON.stringify(wanted)], (cursor) =>
    unwrap(api.GET('/api/v1/audit', { params: { query: { ...pageQuery(cursor), ...wanted } } })),
  )
}

export async function loadAuditCsv(filter: AuditFilter): Promise<Blob> {
  const answer: unknown = await unwrap(
    api.GET('/api/v1/audit', {
      params: { query: auditQuery(filter) },
      headers: { Accept: 'text/csv' },
      parseAs: 'blob',
    }),
  )
  return answer as Blob
}
