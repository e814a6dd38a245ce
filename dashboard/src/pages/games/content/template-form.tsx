/** New content that begins with a template: which one, and how it is called. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../../api/client'
import { idempotencyKeys, notNumbers, toNumber } from '../../../api/forms'
import { invalidFields } from '../../../api/problem'
import type { ContentTemplate } from '../../../api/types'
import { Button } from '../../../ui/button'
import { RadioInput, TextInput } from '../../../ui/fields'
import { FormError } from '../../../ui/form-error'
import { notify } from '../../../ui/notices'
import { ErrorState, Skeleton } from '../../../ui/states'
import { useForm } from '../../../ui/use-form'
import { gameKeys, useTemplates } from '../queries'
import { KINDS } from './states'

export function TemplateForm({ onClose }: { onClose: () => void }) {
  const templates = useTemplates()
  if (templates.data) return <Form templates={templates.data} onClose={onClose} />
  if (!templates.isError) return <Skeleton rows={2} />
  return (
    <ErrorState
      title="The templates could not be loaded"
      error={templates.error}
      onRetry={() => void templates.refetch()}
    />
  )
}

/** "grades 4 to 8" */
function gradesOf({ grade_levels: grades }: ContentTemplate): string {
  const [first, last] = [grades[0], grades.at(-1)]
  return first === last ? `grade ${first}` : `grades ${first} to ${last}`
}

function Form({ templates, onClose }: { templates: ContentTemplate[]; onClose: () => void }) {
  const client = useQueryClient()
  const [chosen, setChosen] = useState(templates[0])
  const [title, setTitle] = useState(chosen?.name ?? '')
  const [grade, setGrade] = useState(String(chosen?.grade_levels[0] ?? ''))
  const [keyFor] = useState(idempotencyKeys)
  const choose = (id: string) => {
    const template = templates.find(({ template_id }) => template_id === id)
    setChosen(template)
    setTitle(template?.name ?? '')
    setGrade(String(template?.grade_levels[0] ?? ''))
  }
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const notNumeric = notNumbers([['/grade_level', grade]])
    if (notNumeric.length > 0) throw invalidFields(notNumeric)
    if (!chosen) return
    const body = {
      kind: chosen.kind,
      title: title.trim(),
      subject: chosen.subject,
      grade_level: toNumber(grade),
      template_id: chosen.template_id,
    }
    const params = { header: { 'Idempotency-Key': keyFor(body) } }
    const made = await unwrap(api.POST('/api/v1/roblox/content', { params, body }))
    await client.invalidateQueries({ queryKey: gameKeys.content })
    notify(`${made.title} is a draft. Make it ready to deploy it.`)
    onClose()
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <RadioInput
        label="Template"
        value={chosen?.template_id ?? ''}
        onChange={choose}
        options={templates.map((template) => ({
          value: template.template_id,
          label: template.name,
          hint: `${KINDS[template.kind]}, ${template.subject}, ${gradesOf(template)}. ${template.description}`,
        }))}
      />
      <div className="field-grid">
        <TextInput label="Title" value={title} onChange={setTitle} error={errors.at('/title')} isRequired />
        <TextInput
          label="Grade"
          inputMode="numeric"
          value={grade}
          onChange={setGrade}
          error={errors.at('/grade_level')}
          isRequired
        />
      </div>
      <FormError error={error} shown={['/title', '/grade_level']} />
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Make the draft
        </Button>
      </div>
    </form>
  )
}
