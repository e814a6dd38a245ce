/** The steps of a teacher, as the tests tell them: through what is on the screen, by role and name. */
import { audit, callApi, PATIENCE_MS } from './support.mjs'

/** Names that no other run on the same server has used. */
export const unique = (name) => `${name} ${Date.now().toString(36)}`

/** One question of each type, as a teacher would type it. The quiz has an obvious right answer everywhere. */
export const QUESTIONS = [
  {
    type: 'Multiple choice',
    prompt: '1/2 + 1/4 = ?',
    fill: async (card) => {
      await card.getByLabel('Option 1', { exact: true }).fill('3/4')
      await card.getByLabel('Option 2', { exact: true }).fill('2/6')
      await card.getByRole('button', { name: 'Add an option' }).click()
      await card.getByLabel('Option 3', { exact: true }).fill('1/6')
    },
  },
  {
    type: 'Multiple response',
    prompt: 'Which numbers are even?',
    fill: async (card) => {
      await card.getByLabel('Option 1', { exact: true }).fill('2')
      await card.getByLabel('Option 2', { exact: true }).fill('3')
      await card.getByRole('button', { name: 'Add an option' }).click()
      await card.getByLabel('Option 3', { exact: true }).fill('4')
      const box = card.getByRole('checkbox', { name: 'Option 3 is right' })
      await box.focus()
      await box.press('Space')
    },
  },
  { type: 'True or false', prompt: '0.5 is the same as 1/2', fill: async () => undefined },
  {
    type: 'Number',
    prompt: 'Pi to two places',
    fill: async (card) => {
      await card.getByLabel('Right value').fill('3.14')
      await card.getByLabel('Tolerance').fill('0.005')
    },
  },
  {
    type: 'Short answer',
    prompt: 'What is the capital of France?',
    fill: (card) => card.getByLabel('Answer 1', { exact: true }).fill('Paris'),
  },
  {
    type: 'Ordering',
    prompt: 'Smallest first',
    fill: async (card) => {
      await card.getByLabel('Item 1', { exact: true }).fill('1/4')
      await card.getByLabel('Item 2', { exact: true }).fill('1/3')
      await card.getByRole('button', { name: 'Add an item' }).click()
      await card.getByLabel('Item 3', { exact: true }).fill('1/2')
    },
  },
  {
    type: 'Matching',
    prompt: 'Which belong together?',
    fill: async (card) => {
      await card.getByLabel('Left side of pair 1').fill('1/2')
      await card.getByLabel('Right side of pair 1').fill('50 %')
      await card.getByLabel('Left side of pair 2').fill('1/4')
      await card.getByLabel('Right side of pair 2').fill('25 %')
    },
  },
]

/** Makes a class with the keyboard alone and returns its id and join code. */
export async function makeClass(page, name) {
  await page.goto('/classes')
  const start = page.getByRole('button', { name: 'New class' })
  await start.focus()
  await start.press('Enter')
  await page.getByRole('dialog', { name: 'New class' }).waitFor()
  await page.keyboard.type(name)
  await page.keyboard.press('Tab')
  await page.keyboard.type('Mathematics')
  await page.keyboard.press('Tab')
  await page.keyboard.type('5')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name, level: 1 }).waitFor()
  const id = new URL(page.url()).pathname.split('/').at(-1)
  const code = (await page.locator('.code-large').textContent()).trim()
  return { id, code }
}

/** A quiz of one question that is published already. */
export async function publishedQuiz(page) {
  const title = unique('Short')
  const questions = [{ type: 'true_false', prompt: '0.5 = 1/2', points: 10, correct: true }]
  const body = { title, subject: 'Mathematics', grade_level: 5, questions }
  const { data } = await callApi(page, 'POST', '/api/v1/quizzes', body)
  await callApi(page, 'POST', `/api/v1/quizzes/${data.id}/publish`)
  return { id: data.id, title }
}

/** The card of the n-th question, counted from one. */
export function questionCard(page, number) {
  return page.getByRole('region', { name: `Question ${number}`, exact: true })
}

/** Writes the quiz into an open editor, without saving it. */
export async function writeQuiz(page, title) {
  await page.getByLabel('Title').fill(title)
  await page.getByLabel('Subject').fill('Mathematics')
  await page.getByLabel('Grade').fill('5')
  for (const [index, question] of QUESTIONS.entries()) {
    await page.getByRole('button', { name: new RegExp(`^${question.type}`) }).click()
    const card = questionCard(page, index + 1)
    await card.getByLabel(/^(Question|Statement)$/).fill(question.prompt)
    await question.fill(card)
  }
}

/** Publishes what the editor holds and waits until it says so. */
export async function publish(page) {
  await page.getByRole('button', { name: /publish/i }).click()
  await page.getByText(/^Published, version 1$/).waitFor()
}

/** On the page of a class: prepares a session of the quiz and starts it. */
export async function startSession(page, quizTitle, pace = 'Own pace') {
  await page.getByLabel('Quiz', { exact: true }).selectOption({ label: quizTitle })
  const radio = page.getByRole('radio', { name: new RegExp(`^${pace}`) })
  await radio.focus()
  await radio.press('Space')
  await page.getByRole('button', { name: 'Prepare the session' }).click()
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByText('Running', { exact: true }).waitFor()
}

/** Ends the session that runs. */
export async function endSession(page) {
  await page.getByRole('button', { name: 'End session' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'End it' }).click()
  await page.getByText(/has ended\.$/).waitFor()
}

/** Writes down every change of the leaderboard from now on: who stands where with how much. */
export async function watchLeaderboard(page) {
  await page.evaluate(() => {
    const read = () =>
      [...document.querySelectorAll('.leader')].map((row) => [
        row.querySelector('.leader-name').textContent,
        Number(row.querySelector('.leader-xp strong').textContent),
      ])
    window.boards = []
    let last = ''
    new MutationObserver(() => {
      const board = read()
      const text = JSON.stringify(board)
      if (text !== last) window.boards.push(board)
      last = text
    }).observe(document.body, { childList: true, subtree: true, characterData: true })
  })
}

/** Every leaderboard that was on the screen since `watchLeaderboard`. */
export function seenBoards(page) {
  return page.evaluate(() => window.boards)
}

/** Waits until the page has as many answers as are expected. */
export function waitForAnswers(page, count) {
  return page.waitForFunction(
    (expected) =>
      document.querySelectorAll('.answers tbody .mark-right, .answers tbody .mark-wrong').length >= expected,
    count,
    { timeout: 4 * PATIENCE_MS },
  )
}

/** The results table as the screen shows it, in the columns of the CSV. */
export function readResultsTable(page) {
  return page.evaluate(() => {
    const milliseconds = (time) => (time ? Math.round(Number(time.dateTime.slice(2, -1)) * 1000) : '')
    return [...document.querySelectorAll('.results tbody tr')].map((row) => {
      const [name, points, correct, answered, time, ...answers] = row.children
      const cells = answers.flatMap((cell) => {
        if (cell.querySelector('.mark-open')) return ['', '', '']
        const tries = cell.querySelector('.result-attempts')?.textContent.match(/\d+/)?.[0] ?? '1'
        return [
          cell.querySelector('.result-points').textContent,
          milliseconds(cell.querySelector('time')),
          tries,
        ]
      })
      return [
        name.textContent,
        points.textContent,
        correct.textContent,
        answered.textContent,
        milliseconds(time.querySelector('time')),
        ...cells,
      ].map(String)
    })
  })
}

/** Waits until the bell counts so many, coming back to the page again and again as its reader would. */
export async function waitForUnread(page, unread) {
  const label = unread > 0 ? `Notifications, ${unread} unread` : 'Notifications'
  await page.waitForFunction(
    (name) => {
      if (document.querySelector(`button[aria-label="${name}"]`)) return true
      window.dispatchEvent(new Event('visibilitychange'))
      return false
    },
    label,
    { polling: 250, timeout: PATIENCE_MS },
  )
}

/** Opens the bell with the keyboard, looks at the newest notification, and goes back to the page. */
export async function readBell(page) {
  const bell = page.getByRole('button', { name: /^Notifications/ })
  await bell.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Notifications' })
  await dialog
    .getByRole('link', { name: /waits to be let into/ })
    .first()
    .waitFor()
  await audit(page, 'notifications')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
}
