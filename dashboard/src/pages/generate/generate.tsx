/** A quiz out of a few wishes: what it shall be about, a preview with its keys, and saving it as one's own. */
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { Generated } from '../../api/types'
import { Page } from '../../ui/page'
import { BriefForm } from './brief-form'
import { DraftPreview } from './draft-preview'

/** The page. */
export default function GeneratePage() {
  const [draft, setDraft] = useState<Generated | null>(null)
  const [, go] = useLocation()
  return (
    <Page title="Generate a quiz" parent={{ label: 'Quizzes', to: '/quizzes' }} isNarrow>
      <div className="stack">
        <section className="card" aria-labelledby="brief-title">
          <div className="card-head">
            <h2 id="brief-title">What it is about</h2>
          </div>
          <BriefForm isAgain={draft !== null} onDraft={setDraft} />
        </section>
        {draft && (
          <DraftPreview key={draft.content_id} draft={draft} onSaved={(id) => go(`/quizzes/${id}`)} />
        )}
      </div>
    </Page>
  )
}
