import { describe, expect, it } from 'vitest'
import { type AuditFilter, auditQuery } from './audit-filter'

const NONE: AuditFilter = { action: '', actor: '', target: '', from: '', to: '' }

describe('a filter of the audit log', () => {
  it('asks for everything when it is empty', () => {
    expect(auditQuery(NONE)).toEqual({})
  })

  it('takes in both days whole', () => {
    const { after, before } = auditQuery({ ...NONE, from: '2026-03-28', to: '2026-03-29' })
    expect(after).toBe(new Date(2026, 2, 28).toISOString())
    expect(before).toBe(new Date(2026, 2, 30).toISOString())
  })
})
