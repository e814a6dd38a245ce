/** Who else sees a class: a parent by a code or by mail, and a co-teacher. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { enter, makePerson, PASSWORD, uniqueAddress } from './accounts.mjs'
import { endSession, makeClass, publishedQuiz, startSession, unique, waitForAnswers } from './pages.mjs'
import {
  audit,
  callApi,
  fillSignIn,
  launchBrowser,
  linkInMail,
  openPage,
  screenshot,
  signIn,
  simulate,
} from './support.mjs'

const TEST_PATIENCE_MS = 300_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** The demo school's teacher in one browser, somebody else in another; what either page throws is a failure. */
async function withTwo(run) {
  const teacher = await openPage(browser)
  const other = await openPage(browser)
  try {
    await signIn(teacher.page)
    await run(teacher.page, other.page)
    assert.deepEqual([...teacher.errors, ...other.errors], [], 'the pages threw nothing')
  } catch (error) {
    await screenshot(teacher.page, 'sharing-failure-teacher')
    await screenshot(other.page, 'sharing-failure-other')
    throw error
  } finally {
    await teacher.context.close()
    await other.context.close()
  }
}

/** A class in which one pupil has played one quiz; `{ id, name, quiz, pupil }`. */
async function playedClass(page) {
  const quiz = await publishedQuiz(page)
  const name = unique('With parents')
  const { id, code } = await makeClass(page, name)
  await startSession(page, quiz.title)
  const { data } = await callApi(page, 'GET', `/api/v1/quizzes/${quiz.id}`)
  const { finished, stop } = simulate({ classCode: code, quiz: data, students: 1, servers: 1 })
  try {
    await waitForAnswers(page, 1)
    await endSession(page)
    await finished()
  } finally {
    stop()
  }
  const button = page.getByRole('button', { name: /^Parents of / })
  const pupil = (await button.getAttribute('aria-label')).slice('Parents of '.length)
  return { id, name, quiz, pupil }
}

/** Opens the dialog about a pupil's parents. */
async function openParents(page, pupil) {
  await page.getByRole('button', { name: `Parents of ${pupil}` }).click()
  return page.getByRole('dialog', { name: `Parents of ${pupil}` })
}

/** Accepts as somebody new and signs in. */
async function acceptAs(page, link, name, email, button = 'Make the account and join') {
  await page.goto(link)
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: button }).click()
  await page.getByRole('heading', { name: /^Welcome to / }).waitFor()
  await page.getByRole('link', { name: 'Sign in' }).click()
  await fillSignIn(page, { email, password: PASSWORD })
}

test('a parent enters the code of the teacher, sees the results of the child, and is unlinked again', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTwo(async (teacher, parent) => {
    const { name, quiz, pupil } = await playedClass(teacher)
    const dialog = await openParents(teacher, pupil)
    await dialog.getByText('No parent is linked yet.').waitFor()
    await audit(teacher, 'parents-none')
    await dialog.getByRole('button', { name: 'Make a code' }).click()
    const code = await dialog.locator('code').textContent()
    await audit(teacher, 'parents-code')
    await dialog.getByRole('button', { name: 'Close' }).click()

    await enter(parent, await makePerson('Pia Parent', 'parent'), 'Your children')
    await parent.getByLabel('Code from the teacher').fill(code.toLowerCase().replace('-', ' '))
    await parent.getByRole('button', { name: 'Link your child' }).click()
    await parent.getByRole('heading', { name: pupil }).waitFor()
    await parent.getByText(name, { exact: true }).waitFor()
    const results = parent.getByRole('list', { name: `Results of ${pupil}` })
    await results.getByText(quiz.title).waitFor()
    await results.getByText(/^(0|10) of 10 points$/).waitFor()
    await audit(parent, 'family-linked')

    await teacher.reload()
    const again = await openParents(teacher, pupil)
    await again.getByText('Pia Parent', { exact: true }).waitFor()
    await audit(teacher, 'parents-linked')
    await again.getByRole('button', { name: 'Unlink Pia Parent' }).click()
    await teacher.getByRole('alertdialog').getByRole('button', { name: 'Unlink' }).click()
    await again.getByText('No parent is linked yet.').waitFor()

    await parent.reload()
    await parent.getByText('No child is linked yet').waitFor()
    await parent.getByLabel('Code from the teacher').fill(code)
    await parent.getByRole('button', { name: 'Link your child' }).click()
    await parent.getByText('This code is not right, was used, or is too old.').waitFor()
  })
})

test('a parent who is invited by mail sees the child at once, and can unlink it', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTwo(async (teacher, parent) => {
    const { name, quiz, pupil } = await playedClass(teacher)
    const email = uniqueAddress('parent')
    const dialog = await openParents(teacher, pupil)
    await dialog.getByLabel('E-mail of the parent').fill('nonsense')
    await dialog.getByRole('button', { name: 'Send the invitation' }).click()
    await dialog.locator('[aria-invalid="true"]').waitFor()
    await dialog.getByLabel('E-mail of the parent').fill(email)
    await dialog.getByRole('button', { name: 'Send the invitation' }).click()
    await teacher.getByText(`An invitation to ${email} is on its way.`).waitFor()

    const link = await linkInMail(email, '/accept-invitation')
    await parent.goto(link)
    await parent.getByText(`You are invited as a parent of ${pupil} in the class ${name}`).waitFor()
    await audit(parent, 'accept-invitation-parent')
    await parent.goto('/register')
    await acceptAs(parent, link, 'Paul Parent', email)
    await parent.getByRole('heading', { name: 'Your children', level: 1 }).waitFor()
    await parent
      .getByRole('list', { name: `Results of ${pupil}` })
      .getByText(quiz.title)
      .waitFor()

    await parent.getByRole('button', { name: `Unlink ${pupil}` }).click()
    await parent.getByRole('alertdialog').getByRole('button', { name: 'Unlink' }).click()
    await parent.getByText('No child is linked yet').waitFor()
  })
})

test('a co-teacher is invited, runs the class, and is taken off it again', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTwo(async (teacher, colleague) => {
    const name = unique('Shared class')
    const { id } = await makeClass(teacher, name)
    const withdrawn = uniqueAddress('mistyped')
    await inviteCoTeacher(teacher, withdrawn)
    const open = teacher.getByRole('list', { name: 'Open invitations' })
    await open.getByRole('button', { name: `Withdraw the invitation to ${withdrawn}` }).click()
    await teacher.getByRole('alertdialog').getByRole('button', { name: 'Withdraw' }).click()
    await open.waitFor({ state: 'detached' })

    const email = uniqueAddress('co-teacher')
    await inviteCoTeacher(teacher, email)
    await audit(teacher, 'class-invited')
    const link = await linkInMail(email, '/accept-invitation')
    await colleague.goto(link)
    await colleague.getByText(`You are invited as a teacher of the class ${name}`).waitFor()
    await colleague.goto('/register')
    await acceptAs(colleague, link, 'Cora Colleague', email)
    await colleague.getByRole('heading', { name: 'Classes', level: 1 }).waitFor()
    const quiz = await publishedQuiz(colleague)
    await colleague.getByRole('link', { name: new RegExp(name) }).click()
    await colleague.getByRole('heading', { name, level: 1 }).waitFor()
    await startSession(colleague, quiz.title, 'Your pace')
    await teacher.getByText('Running', { exact: true }).waitFor()
    await endSession(colleague)
    await teacher.getByText(/has ended\.$/).waitFor()

    await teacher.reload()
    await teacher.getByRole('button', { name: 'Remove Cora Colleague from the class' }).click()
    await audit(teacher, 'class-remove-teacher')
    await teacher.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await teacher.getByText('Cora Colleague', { exact: true }).waitFor({ state: 'detached' })
    await colleague.goto(`/classes/${id}`)
    await colleague.getByText('The class could not be loaded').waitFor()
  })
})

/** On the page of a class: sends an invitation and waits until it is listed. */
async function inviteCoTeacher(page, email) {
  await page.getByRole('button', { name: 'Invite a co-teacher' }).click()
  const dialog = page.getByRole('dialog', { name: 'Invite a co-teacher' })
  await dialog.getByLabel('E-mail').fill(email)
  await audit(page, 'class-invite-teacher')
  await dialog.getByRole('button', { name: 'Send the invitation' }).click()
  await page.getByRole('list', { name: 'Open invitations' }).getByText(email).waitFor()
}

test('a teacher on their own is told to found a school before sharing a class', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  const { context, page } = await openPage(browser)
  try {
    await enter(page, await makePerson('Solo Teacher'))
    await makeClass(page, 'Alone')
    await page.getByRole('button', { name: 'Invite a co-teacher' }).click()
    const dialog = page.getByRole('dialog', { name: 'Invite a co-teacher' })
    await dialog.getByText(/^So far you work alone\./).waitFor()
    await audit(page, 'class-invite-alone')
    await dialog.getByRole('link', { name: 'Found a school' }).click()
    await page.getByLabel('Name of the school').waitFor()
  } finally {
    await context.close()
  }
})
