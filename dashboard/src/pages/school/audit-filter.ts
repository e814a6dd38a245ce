/** The filters of the audit log, and what they are for the server. */
import type { AuditAction } from '../../api/types'

export interface AuditFilter {
  /** Empty for any. */
  action: AuditAction | ''
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
