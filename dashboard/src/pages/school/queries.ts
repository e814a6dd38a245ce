/** What the admin's pages read. */
import { useQuery } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import { pageQuery, usePages } from '../../api/queries'
import type { Role, UserState } from '../../api/types'
import { type AuditFilter, auditQuery } from './audit-filter'

export const schoolKeys = {
  school: ['school'] as const,
  people: ['people'] as const,
  invitations: ['invitations'] as const,
  openInvitations: ['open-invitations'] as const,
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
