/** A teacher's lesson in a real browser: sign in, class, quiz, live session, results. Each test stands for itself. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import {
  endSession,
  makeClass,
  publish,
  publishedQuiz,
  QUESTIONS,
  questionCard,
  readBell,
  readResultsTable,
  seenBoards,
  startSession,
  unique,
  waitForAnswers,
  waitForUnread,
  watchLeaderboard,
  writeQuiz,
} from './pages.mjs'
import {
  audit,
  callApi,
  demo,
  launchBrowser,
  openPage,
  parseCsv,
  refuse,
  screenshot,
  signIn,
  simulate,
} from './support.mjs'

const STUDENTS = 12
const SERVERS = 2

/** A test that hangs fails by itself, long after the slowest machine would be done. */
const TEST_PATIENCE_MS = 300_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

async function withTeacher(run) {
  const { context, page, errors } = await openPage(browser)
  try {
    await signIn(page)
    await run(page)
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'failure')
    throw error
  } finally {
    await context.close()
  }
}

test('a wrong password is refused with a sentence, and the page is accessible', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  const { context, page } = await openPage(browser)
  await page.goto('/classes')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await audit(page, 'sign-in')
  await page.getByLabel('E-mail').fill('nobody@example.org')
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('E-mail or password is not right.').waitFor()
  await audit(page, 'sign-in-refused')
  await context.close()
})

test('a lesson: the leaderboard on the screen moves, and the CSV equals the screen', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher(async (page) => {
    const quizTitle = unique('Fractions')
    await page.goto('/quizzes/new')
    await writeQuiz(page, quizTitle)
    await publish(page)
    const quizId = new URL(page.url()).pathname.split('/').at(-1)

    const { id, code } = await makeClass(page, unique('Class 5b'))
    await audit(page, 'class-empty')
    await startSession(page, quizTitle)
    await watchLeaderboard(page)
    const { data: quiz } = await callApi(page, 'GET', `/api/v1/quizzes/${quizId}`)
    const { finished, stop } = simulate({ classCode: code, quiz, students: STUDENTS, servers: SERVERS })
    try {
      await playAndEnd(page, id)
      await finished()
    } finally {
      stop()
    }
    await audit(page, 'class-ended')
    await page.getByRole('link', { name: 'See its results' }).click()
    await page.getByRole('table').waitFor()
    await audit(page, 'results')
    await assertCsvEqualsScreen(page)
  })
})

async function playAndEnd(page, classId) {
  await waitForAnswers(page, STUDENTS)
  await screenshot(page, 'class-live')
  await waitForAnswers(page, STUDENTS * QUESTIONS.length)
  await assertBoardMoved(page)
  await audit(page, 'class-running')
  await page.goto(`/classes/${classId}/projector`)
  await page.getByRole('heading', { name: 'Leaderboard' }).waitFor()
  await audit(page, 'projector-running')
  await page.goto(`/classes/${classId}`)
  await endSession(page)
}

async function assertBoardMoved(page) {
  const boards = await seenBoards(page)
  const orders = new Set(boards.map((board) => board.map(([name]) => name).join()))
  assert.ok(boards.length >= 3, `the leaderboard changed ${boards.length} times`)
  assert.ok(orders.size >= 2, `the leaderboard had ${orders.size} different orders`)
  const last = boards.at(-1)
  const xp = last.map(([, value]) => value)
  assert.deepEqual(
    xp,
    xp.toSorted((a, b) => b - a),
    'the best stands on top',
  )
}

async function assertCsvEqualsScreen(page) {
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download CSV' }).click()
  const file = await (await downloading).path()
  const [header, ...rows] = parseCsv(readFileSync(file, 'utf8'))
  const columns = QUESTIONS.flatMap((_, index) =>
    ['points', 'ms', 'attempts'].map((what) => `q${index + 1}_${what}`),
  )
  assert.deepEqual(header, ['display_name', 'points', 'correct', 'answered', 'ms', ...columns])
  const screen = await readResultsTable(page)
  assert.equal(screen.length, STUDENTS)
  assert.deepEqual(rows, screen)
}

test('a broken quiz is refused beside the fields at fault, and saves once they are right', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher(async (page) => {
    await page.goto('/quizzes/new')
    await audit(page, 'quiz-new')
    await page.getByLabel('Subject').fill('Mathematics')
    await page.getByLabel('Grade').fill('5')
    await page.getByRole('button', { name: /^Multiple choice/ }).click()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('alert').waitFor()
    for (const label of ['Title', /^Question$/, /^Option 1$/]) {
      const field = page.getByLabel(label).first()
      assert.equal(await field.getAttribute('aria-invalid'), 'true', `${label} is marked`)
      assert.ok(await field.getAttribute('aria-describedby'), `${label} says why`)
    }
    await audit(page, 'quiz-refused')

    await page.getByLabel('Title').fill(unique('Repaired'))
    const card = questionCard(page, 1)
    await card.getByLabel('Question', { exact: true }).fill('1/2 + 1/4 = ?')
    await card.getByLabel('Option 1', { exact: true }).fill('3/4')
    await card.getByLabel('Option 2', { exact: true }).fill('2/6')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.waitForURL(/\/quizzes\/qz_/)
    await page.getByText('All changes are saved').waitFor()
  })
})

test('two people who edit one quiz are told, and nothing is lost silently', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher(async (page) => {
    await page.goto('/quizzes/new')
    const title = unique('Shared')
    await writeQuiz(page, title)
    await publish(page)
    const id = new URL(page.url()).pathname.split('/').at(-1)
    await audit(page, 'quiz-published')

    await changeElsewhere(page, id, title)
    await page.getByLabel('Title').fill(`${title} mine`)
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this quiz' })
    await dialog.waitFor()
    await audit(page, 'quiz-conflict')
    await dialog.getByRole('button', { name: 'Save mine over theirs' }).click()
    await page.getByText('All changes are saved').waitFor()
    const { data } = await callApi(page, 'GET', `/api/v1/quizzes/${id}`)
    assert.equal(data.title, `${title} mine`)
  })
})

/** What a colleague does in another browser meanwhile. */
async function changeElsewhere(page, id, title) {
  const path = `/api/v1/quizzes/${id}`
  const { etag } = await callApi(page, 'GET', path)
  const body = {
    title: `${title} theirs`,
    subject: 'Mathematics',
    grade_level: 5,
    questions: [{ type: 'true_false', prompt: '0.5 = 1/2', points: 10, correct: true }],
  }
  await callApi(page, 'PUT', path, body, { 'If-Match': etag })
}

test('when the session has ended the teacher signs in over the page and goes on', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher(async (page) => {
    await page.goto('/quizzes/new')
    const title = unique('Kept')
    await page.getByLabel('Title').fill(title)
    await page.getByLabel('Subject').fill('Mathematics')
    await page.getByLabel('Grade').fill('5')
    await page.getByRole('button', { name: /^True or false/ }).click()
    await questionCard(page, 1).getByLabel('Statement', { exact: true }).fill('0.5 is the same as 1/2')
    await page.route('**/api/v1/quizzes', refuse('token_expired'), { times: 1 })
    await page.route('**/api/v1/auth/refresh', refuse('invalid_refresh_token'), { times: 1 })
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Please sign in again' })
    await dialog.waitFor()
    await audit(page, 'sign-in-again')
    const { password } = demo.teacher
    await dialog.getByLabel('Password').fill(password)
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('All changes are saved').waitFor()
    await page.getByRole('heading', { name: title, level: 1 }).waitFor()
  })
})

test('a pupil who waits at the door is let in by the teacher, and can be removed', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher(async (page) => {
    const quiz = await publishedQuiz(page)
    const { code } = await makeClass(page, unique('At the door'))
    const { unread } = (await callApi(page, 'GET', '/api/v1/notifications')).data
    await letInByApproval(page)
    await startSession(page, quiz.title)
    const { data } = await callApi(page, 'GET', `/api/v1/quizzes/${quiz.id}`)
    const { finished, stop } = simulate({ classCode: code, quiz: data, students: 1, servers: 1 })
    try {
      await page.getByText('One pupil waits to be let in').waitFor()
      await audit(page, 'class-pending')
      await waitForUnread(page, unread + 1)
      await readBell(page)
      await page.getByRole('button', { name: /^Approve / }).click()
      await waitForAnswers(page, 1)
      await waitForUnread(page, unread)
      await page.getByRole('button', { name: /^Remove / }).click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
      await page.getByText('0 of 30 seats taken').waitFor()
      await endSession(page)
      await finished()
    } finally {
      stop()
    }
  })
})

/** On the page of a class: changes who may join. */
async function letInByApproval(page) {
  await page.getByRole('button', { name: 'Edit class' }).click()
  const radio = page.getByRole('radio', { name: /^Those you approve/ })
  await radio.focus()
  await radio.press('Space')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('You let each one in below.').waitFor()
}

test('in host pace only the moves that the state allows are offered', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher(async (page) => {
    const quiz = await publishedQuiz(page)
    await makeClass(page, unique('Hosted'))
    await startSession(page, quiz.title, 'Your pace')
    await page.getByRole('button', { name: 'Next question' }).click()
    await page.getByText('0.5 = 1/2').waitFor()
    await page.getByRole('button', { name: 'Next question' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Freeze' }).click()
    await page.getByText('Frozen: eyes on you').waitFor()
    await page.getByRole('button', { name: 'Unfreeze' }).click()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await endSession(page)
  })
})

test('the other pages: lists, an unknown address, an unknown class, a closed code, the API viewer', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher(async (page) => {
    const { id } = await makeClass(page, unique('Closed'))
    await page.getByRole('button', { name: 'Close code' }).click()
    await audit(page, 'class-confirm')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Close it' }).click()
    await page.getByText('The code is closed').waitFor()
    await page.goto(`/classes/${id}/projector`)
    await page.getByText('The class is closed for new pupils.').waitFor()
    await audit(page, 'projector-closed')

    await page.goto('/classes')
    await page.getByRole('listitem').first().waitFor()
    await audit(page, 'classes')
    await page.getByRole('button', { name: 'New class' }).click()
    await page.getByRole('dialog').waitFor()
    await audit(page, 'class-dialog')
    await publishedQuiz(page)
    await page.goto('/quizzes')
    await page.getByRole('listitem').first().waitFor()
    await audit(page, 'quizzes')
    await page.goto(`/classes/${id}/results`)
    await page.getByText('No results yet').waitFor()
    await audit(page, 'results-empty')
    await page.goto('/no/such/page')
    await page.getByText('There is nothing at this address').waitFor()
    await audit(page, 'not-found')
    await page.goto('/classes/cls_01AN4Z07BY79KA1307SR9X4MV3')
    await page.getByText('The class could not be loaded').waitFor()
    await audit(page, 'class-unknown')
    await page.goto('/docs')
    await page
      .getByRole('heading', { name: /ToolboxAI Edge/ })
      .first()
      .waitFor()
    await screenshot(page, 'api-viewer')
  })
})
