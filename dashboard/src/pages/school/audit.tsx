/** What happened in the school: who did what, on whom, why and from where. Rows cannot be changed; their seals show it. */
import { useState } from 'react'
import { explain } from '../../api/problem'
import type { AuditEvent } from '../../api/types'
import { Button } from '../../ui/button'
import { countryName, When } from '../../ui/dates'
import { SelectInput, TextInput } from '../../ui/fields'
import { More } from '../../ui/more'
import { saveFile } from '../../ui/save-file'
import { ScrollRegion } from '../../ui/scroll-region'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states'
import { useSettled } from '../../ui/use-settled'
import type { AuditFilter } from './audit-filter'
import { ACTION_NAMES } from './audit-names'
import { loadAuditCsv, useAudit } from './queries'
import './school.css'

const ACTIONS = [
  { value: '', label: 'All actions' },
  ...Object.entries(ACTION_NAMES).map(([value, label]) => ({ value, label })),
]

const ALL: AuditFilter = { action: '', actor: '', target: '', from: '', to: '' }

/** The table with its filters. */
export default function AuditTab() {
  const [filter, setFilter] = useState(ALL)
  const settled = useSettled(filter)
  const audit = useAudit(settled)
  const set = (part: Partial<AuditFilter>) => setFilter({ ...filter, ...part })
  return (
    <div className="stack">
      <search className="filters">
        <SelectInput
          label="Action"
          value={filter.action}
          onChange={(action) => set({ action: action as AuditFilter['action'] })}
          options={ACTIONS}
        />
        <TextInput label="By (id)" value={filter.actor} onChange={(actor) => set({ actor: actor.trim() })} />
        <TextInput
          label="On (id)"
          value={filter.target}
          onChange={(target) => set({ target: target.trim() })}
        />
        <TextInput label="From" type="date" value={filter.from} onChange={(from) => set({ from })} />
        <TextInput label="To" type="date" value={filter.to} onChange={(to) => set({ to })} />
        <DownloadButton filter={settled} />
      </search>
      {audit.data ? (
        <AuditTable events={audit.data} onFilter={set} />
      ) : audit.isError ? (
        <ErrorState
          title="The audit log could not be loaded"
          error={audit.error}
          onRetry={() => void audit.refetch()}
        />
      ) : (
        <Skeleton rows={6} height="2.5rem" />
      )}
      <More pages={audit} label="Show older" />
    </div>
  )
}

interface AuditTableProps {
  events: AuditEvent[]
  onFilter: (part: Partial<AuditFilter>) => void
}

function AuditTable({ events, onFilter }: AuditTableProps) {
  if (events.length === 0) {
    return <EmptyState title="Nothing is found">Choose other filters, or a longer time.</EmptyState>
  }
  return (
    <ScrollRegion label="Audit log" className="card">
      <table className="audit">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">By</th>
            <th scope="col">On</th>
            <th scope="col">From</th>
            <th scope="col">Seal</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <AuditRow key={event.id} event={event} onFilter={onFilter} />
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}

function AuditRow({ event, onFilter }: { event: AuditEvent } & Pick<AuditTableProps, 'onFilter'>) {
  const { actor, target, seal } = event
  const who = actor.name ?? actor.id ?? actor.kind
  return (
    <tr>
      <td>
        <When at={event.at} />
      </td>
      <td>
        <Button size="small" variant="quiet" onPress={() => onFilter({ action: event.action })}>
          {ACTION_NAMES[event.action] ?? event.action}
        </Button>
        {event.reason && <p className="muted">“{event.reason}”</p>}
      </td>
      <td>
        {actor.id ? (
          <Button
            size="small"
            variant="quiet"
            aria-label={`Only by ${who}`}
            onPress={() => onFilter({ actor: actor.id ?? '' })}
          >
            {who}
          </Button>
        ) : (
          who
        )}
      </td>
      <td>
        {target?.id ? (
          <Button
            size="small"
            variant="quiet"
            aria-label={`Only on ${target.id}`}
            onPress={() => onFilter({ target: target.id ?? '' })}
          >
            {target.kind.replaceAll('_', ' ')}
          </Button>
        ) : (
          '–'
        )}
      </td>
      <td>
        {event.address ?? '–'}
        {event.country && <span className="muted"> {countryName(event.country)}</span>}
      </td>
      <td>
        {seal ? (
          <details>
            <summary>
              <span className="badge badge-accent">No. {seal.seq}</span>
            </summary>
            <EventDetails event={event} hash={seal.hash} />
          </details>
        ) : (
          <span className="badge">not yet</span>
        )}
      </td>
    </tr>
  )
}

function EventDetails({ event, hash }: { event: AuditEvent; hash: string }) {
  return (
    <div className="stack">
      <p className="small break">SHA-256 {hash}</p>
      <p className="small break">{event.action}</p>
      {event.request_id && <p className="small break">Request {event.request_id}</p>}
      {event.target?.id && <p className="small break">On {event.target.id}</p>}
      {event.detail != null && <code className="code-block">{JSON.stringify(event.detail, null, 1)}</code>}
    </div>
  )
}

function DownloadButton({ filter }: { filter: AuditFilter }) {
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const download = async () => {
    setPending(true)
    setError(null)
    try {
      saveFile(`audit-${new Date().toISOString().slice(0, 10)}.csv`, await loadAuditCsv(filter))
    } catch (cause) {
      setError(cause)
    } finally {
      setPending(false)
    }
  }
  return (
    <div className="field">
      <Button isPending={isPending} onPress={() => void download()}>
        Download CSV
      </Button>
      {error !== null && (
        <p className="field-error" role="alert">
          {explain(error)}
        </p>
      )}
    </div>
  )
}
