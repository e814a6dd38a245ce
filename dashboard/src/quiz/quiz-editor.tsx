/** The quiz editor: fields, questions, and a bar that saves and publishes. */
import { useRef } from 'react'
import { fieldErrors } from '../api/forms'
import { explain, type FieldError } from '../api/problem'
import { Button } from '../ui/button'
import { TextInput } from '../ui/fields'
import { Page } from '../ui/page'
import { ConflictDialog } from './conflict-dialog'
import { type DraftQuestion, type DraftQuiz, duplicate, moved, newQuestion, QUESTION_TYPES } from './draft'
import { QuestionCard } from './question-card'
import { type SavedQuiz, useQuizEditor } from './use-quiz-editor'

const HEAD_POINTERS = ['/title', '/subject', '/grade_level']

/** The editor of one quiz. */
export function QuizEditor({ saved, initial }: { saved: SavedQuiz | null; initial: DraftQuiz }) {
  const editor = useQuizEditor(saved, initial)
  const { draft, setDraft } = editor
  const addTitle = useRef<HTMLHeadingElement>(null)

  const setQuestions = (questions: DraftQuestion[]) => setDraft({ ...draft, questions })
  const change = (key: string, part: Partial<DraftQuestion>) =>
    setQuestions(draft.questions.map((item) => (item.key === key ? { ...item, ...part, errors: [] } : item)))
  const add = (question: DraftQuestion, at = draft.questions.length) => {
    setQuestions(draft.questions.toSpliced(at, 0, question))
    focusLater(question.key)
  }

  return (
    <Page
      title={saved ? draft.title.trim() || 'Untitled quiz' : 'New quiz'}
      parent={{ label: 'Quizzes', to: '/quizzes' }}
      subtitle={
        editor.saved?.publishedVersion
          ? `Published, version ${editor.saved.publishedVersion}`
          : 'Not published yet'
      }
      isNarrow
    >
      <div className="stack">
        {editor.error !== null && <ErrorSummary draft={draft} error={editor.error} />}
        <HeadFields draft={draft} onChange={(part) => setDraft({ ...draft, ...part, errors: [] })} />
        {draft.questions.map((question, index) => (
          <QuestionCard
            key={question.key}
            question={question}
            index={index}
            count={draft.questions.length}
            onChange={(part) => change(question.key, part)}
            onMove={(by) => setQuestions(moved(draft.questions, index, by))}
            onDuplicate={() => add(duplicate(question), index + 1)}
            onRemove={() => {
              setQuestions(draft.questions.filter(({ key }) => key !== question.key))
              addTitle.current?.focus()
            }}
          />
        ))}
        <section className="card" aria-labelledby="add-title">
          <div className="card-head">
            <h2 id="add-title" ref={addTitle} tabIndex={-1}>
              {draft.questions.length === 0 ? 'Add the first question' : 'Add a question'}
            </h2>
          </div>
          <div className="add-question">
            {QUESTION_TYPES.map(({ type, label, hint }) => (
              <Button key={type} onPress={() => add(newQuestion(type))}>
                {label}
                <span className="field-hint">{hint}</span>
              </Button>
            ))}
          </div>
        </section>
        <EditorBar editor={editor} />
      </div>
      <ConflictDialog
        isOpen={editor.hasConflict}
        onClose={editor.dismissConflict}
        onTakeTheirs={editor.takeTheirs}
        onKeepMine={editor.keepMine}
      />
    </Page>
  )
}

/** Focuses a question card once it is on the page. */
function focusLater(id: string): void {
  requestAnimationFrame(() => {
    const card = document.getElementById(id)
    card?.querySelector<HTMLElement>('textarea')?.focus()
  })
}

function HeadFields({ draft, onChange }: { draft: DraftQuiz; onChange: (part: Partial<DraftQuiz>) => void }) {
  const errorAt = (pointer: string) => draft.errors.find((error) => error.pointer === pointer)?.detail
  return (
    <section className="card stack" aria-label="About the quiz">
      <TextInput
        label="Title"
        value={draft.title}
        onChange={(title) => onChange({ title })}
        error={errorAt('/title')}
      />
      <div className="field-grid">
        <TextInput
          label="Subject"
          value={draft.subject}
          onChange={(subject) => onChange({ subject })}
          error={errorAt('/subject')}
        />
        <TextInput
          label="Grade"
          inputMode="numeric"
          value={draft.gradeLevel}
          onChange={(gradeLevel) => onChange({ gradeLevel })}
          error={errorAt('/grade_level')}
        />
      </div>
    </section>
  )
}

/** Everything that is wrong, in one place, each a link to where it is. */
function ErrorSummary({ draft, error }: { draft: DraftQuiz; error: unknown }) {
  const wrong = draft.questions.flatMap((question, index) =>
    question.errors.length > 0 ? [{ question, index }] : [],
  )
  const ofQuiz: FieldError[] = draft.errors
  if (fieldErrors(error).isEmpty) {
    return (
      <p className="callout callout-danger" role="alert">
        {explain(error)}
      </p>
    )
  }
  if (wrong.length === 0 && ofQuiz.length === 0) return null
  return (
    <div className="callout callout-danger error-list" role="alert">
      <h2>Not saved yet: please look at these places</h2>
      <ul>
        {ofQuiz.map((item) => (
          <li key={item.pointer}>
            {HEAD_POINTERS.includes(item.pointer) && `${headName(item.pointer)}: `}
            {item.detail}
          </li>
        ))}
        {wrong.map(({ question, index }) => (
          <li key={question.key}>
            <a href={`#${question.key}`}>Question {index + 1}</a>:{' '}
            {[...new Set(question.errors.map((item) => item.detail))].join(' ')}
          </li>
        ))}
      </ul>
    </div>
  )
}

function headName(pointer: string): string {
  return { '/title': 'Title', '/subject': 'Subject', '/grade_level': 'Grade' }[pointer] ?? pointer
}

function EditorBar({ editor }: { editor: ReturnType<typeof useQuizEditor> }) {
  const state = editor.isDirty ? 'Unsaved changes' : editor.saved ? 'All changes are saved' : 'Not saved yet'
  return (
    <div className="editor-bar">
      <span className="muted" role="status">
        {state}
      </span>
      <div className="row">
        <Button
          isPending={editor.pending === 'save'}
          isDisabled={!editor.isDirty && editor.saved !== null}
          onPress={editor.save}
        >
          Save
        </Button>
        <Button variant="primary" isPending={editor.pending === 'publish'} onPress={editor.publish}>
          {editor.isDirty ? 'Save and publish' : 'Publish'}
        </Button>
      </div>
    </div>
  )
}
