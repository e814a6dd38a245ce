/** The people of the school: find one, see how they stand, and change it. */
import { useState } from 'react'
import type { Member, Role, UserState } from '../../api/types'
import { Button, ButtonLink } from '../../ui/button'
import { When } from '../../ui/dates'
import { SelectInput, TextInput } from '../../ui/fields'
import { More } from '../../ui/more'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states'
import { useSettled } from '../../ui/use-settled'
import { ROLE_NAMES } from '../account/profile'
import { PersonDialog } from './person-dialog'
import { usePeople } from './queries'
import './school.css'

export const STATE_NAMES: Record<UserState, string> = {
  active: 'Active',
  suspended: 'Suspended',
  unverified: 'Not confirmed yet',
}

/** The list with its filters. */
export default function PeopleTab() {
  const [search, setSearch] = useState('')
  const [role, setRole] = useState<Role | ''>('')
  const [state, setState] = useState<UserState | ''>('')
  const [chosen, setChosen] = useState<Member | null>(null)
  const people = usePeople({ search: useSettled(search.trim()), role, state })
  return (
    <div className="stack">
      <search className="filters">
        <TextInput label="Name or e-mail" value={search} onChange={setSearch} />
        <SelectInput
          label="Role"
          value={role}
          onChange={(value) => setRole(value as Role | '')}
          options={[
            { value: '', label: 'All roles' },
            { value: 'admin', label: 'Admins' },
            { value: 'teacher', label: 'Teachers' },
            { value: 'parent', label: 'Parents' },
          ]}
        />
        <SelectInput
          label="State"
          value={state}
          onChange={(value) => setState(value as UserState | '')}
          options={[
            { value: '', label: 'All states' },
            ...Object.entries(STATE_NAMES).map(([value, label]) => ({ value, label })),
          ]}
        />
        <ButtonLink to="/school/invitations" variant="primary">
          Invite somebody
        </ButtonLink>
      </search>
      {people.data ? (
        <PeopleList people={people.data} onChoose={setChosen} />
      ) : people.isError ? (
        <ErrorState
          title="The people could not be loaded"
          error={people.error}
          onRetry={() => void people.refetch()}
        />
      ) : (
        <Skeleton rows={5} height="3.5rem" />
      )}
      <More pages={people} label="Show more people" />
      <PersonDialog
        person={people.data?.find(({ id }) => id === chosen?.id) ?? chosen}
        onClose={() => setChosen(null)}
      />
    </div>
  )
}

function PeopleList({ people, onChoose }: { people: Member[]; onChoose: (person: Member) => void }) {
  if (people.length === 0) {
    return <EmptyState title="Nobody is found">Try another search, or other filters.</EmptyState>
  }
  return (
    <ul className="card rows" aria-label="People">
      {people.map((person) => (
        <li key={person.id}>
          <span className="row-main">
            <span className="row-title">
              {person.display_name}
              <span className="badge">{ROLE_NAMES[person.role]}</span>
              {person.state !== 'active' && (
                <span className="badge badge-warn">{STATE_NAMES[person.state]}</span>
              )}
            </span>
            <span className="muted small">
              {person.email} ·{' '}
              {person.last_seen_at ? (
                <>
                  last seen <When at={person.last_seen_at} />
                </>
              ) : (
                'never seen'
              )}
              {person.has_second_factor && ' · has a second factor'}
            </span>
          </span>
          <Button size="small" aria-label={`Manage ${person.display_name}`} onPress={() => onChoose(person)}>
            Manage
          </Button>
        </li>
      ))}
    </ul>
  )
}
