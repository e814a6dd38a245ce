/** The settings of a game. Its servers hear of a change by their next sync. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { notNumbers, toNumber } from '../../api/forms'
import { ApiError, type FieldError, invalidFields } from '../../api/problem'
import type { GameDetail } from '../../api/types'
import { Button } from '../../ui/button'
import { RadioInput, TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { notify } from '../../ui/notices'
import { useForm } from '../../ui/use-form'
import { ClassSelect } from './class-select'
import { gameKeys } from './queries'
import { type JsonObject, parseSettings, settingsPatch, settingsText } from './settings-patch'

const SHOWN = [
  '/title',
  '/description',
  '/max_players',
  '/class_id',
  '/universe_id',
  '/place_id',
  '/settings',
]

export interface GameFormProps {
  game: GameDetail
  etag: string | null
}

export function GameForm({ game, etag }: GameFormProps) {
  const client = useQueryClient()
  const before = game.settings as JsonObject
  const [title, setTitle] = useState(game.title)
  const [description, setDescription] = useState(game.description)
  const [maxPlayers, setMaxPlayers] = useState(String(game.max_players))
  const [status, setStatus] = useState(game.status)
  const [classId, setClassId] = useState<string>(game.class_id ?? '')
  const [universeId, setUniverseId] = useState(game.universe_id ?? '')
  const [placeId, setPlaceId] = useState(game.place_id ?? '')
  const [settings, setSettings] = useState(settingsText(before))
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const after = parseSettings(settings)
    const wrong: FieldError[] = notNumbers([['/max_players', maxPlayers]])
    if (after === null) wrong.push({ pointer: '/settings', code: 'malformed', detail: NO_OBJECT })
    if (wrong.length > 0 || after === null) throw invalidFields(wrong)
    const patch = settingsPatch(before, after)
    const body = {
      title: title.trim(),
      description: description.trim(),
      max_players: toNumber(maxPlayers),
      status,
      ...(classId && { class_id: classId }),
      ...(universeId.trim() && { universe_id: universeId.trim() }),
      ...(placeId.trim() && { place_id: placeId.trim() }),
      ...(Object.keys(patch).length > 0 && { settings: patch as Record<string, never> }),
    }
    const params = { path: { game_id: game.id }, header: { 'If-Match': etag ?? '*' } }
    await unwrap(api.PATCH('/api/v1/roblox/games/{game_id}/settings', { params, body }))
    await Promise.all([
      client.invalidateQueries({ queryKey: gameKeys.game(game.id) }),
      client.invalidateQueries({ queryKey: gameKeys.games }),
    ])
    notify('The settings are saved.')
  })
  const isConflict = error instanceof ApiError && error.code === 'precondition_failed'
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <TextInput label="Title" value={title} onChange={setTitle} error={errors.at('/title')} isRequired />
      <TextInput
        label="Description"
        value={description}
        onChange={setDescription}
        error={errors.at('/description')}
        isMultiline
      />
      <RadioInput
        label="State"
        value={status}
        onChange={(value) => setStatus(value === 'paused' ? 'paused' : 'active')}
        options={[
          { value: 'active', label: 'Active' },
          { value: 'paused', label: 'Paused', hint: 'for a while; nothing is lost' },
        ]}
      />
      <div className="field-grid">
        <ClassSelect
          value={classId}
          onChange={setClassId}
          error={errors.at('/class_id')}
          isRequired={game.class_id != null}
        />
        <TextInput
          label="Players of one server, at most"
          inputMode="numeric"
          value={maxPlayers}
          onChange={setMaxPlayers}
          error={errors.at('/max_players')}
          isRequired
        />
      </div>
      <div className="field-grid">
        <TextInput
          label="Experience id in Roblox"
          inputMode="numeric"
          value={universeId}
          onChange={setUniverseId}
          error={errors.at('/universe_id')}
        />
        <TextInput
          label="Start place id in Roblox"
          inputMode="numeric"
          value={placeId}
          onChange={setPlaceId}
          error={errors.at('/place_id')}
        />
      </div>
      <TextInput
        label="Settings for the game’s own code"
        hint="A JSON object, or nothing"
        value={settings}
        onChange={setSettings}
        error={errors.at('/settings')}
        isMultiline
      />
      <FormError error={error} shown={SHOWN} />
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Save the settings
        </Button>
        {isConflict && (
          <Button onPress={() => void client.invalidateQueries({ queryKey: gameKeys.game(game.id) })}>
            Load it again and drop my changes
          </Button>
        )}
      </div>
    </form>
  )
}

const NO_OBJECT = 'This is no JSON object. An example: {"rounds": 3}'
