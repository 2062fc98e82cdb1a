// The box: keeps what is typed as it is typed; what is sent goes through the outbox, which is shown below the box.

import { commandsOf, unknownCommand } from './commands.js'
import { draft, enqueue, fact, keepDraft, note, pictureOf, rewrite, takeBack, waiting } from './kept.js'
import { news, send } from './outbox.js'
import { isSent } from './keeping.js'
import { refresh } from './redraw.js'
import { putBack, valuesOf } from './typed.js'

// How long until the next try, while something waits and the browser says nothing of a line.
const AGAIN_MS = [2000, 5000, 15000, 60000]

const here = document.getElementById('composer')
const form = document.getElementById('publish')
const { now: served, zone } = here?.dataset ?? {}
const offline = here?.hasAttribute('data-offline')
const said = document.getElementById('said')
const list = document.getElementById('outbox')
const fields = form?.elements
let account, slug, begun, skew = 0, tries = 0, timer, last = ''

// A draft that was opened has a place of its own beside the post that one had begun.
const draftName = () => `${account} ${slug} ${fields.draft?.value || 'new'}`

// `works` tells whether this device can keep anything. Listens from the first moment on: what is typed or sent while
// that is found out is kept, or sent by the form itself.
export async function compose(signedIn, works) {
  account = signedIn
  slug = here.dataset.case
  begun = begin(works).catch(() => false)
  form.addEventListener('input', keep)
  form.addEventListener('change', keep)
  fields.file?.addEventListener('change', keepPicture)
  form.addEventListener('submit', onSubmit)
  if (!(await begun)) return
  news.addEventListener('message', ({ data }) => data.sent ? onSent(data.sent, data.said) : show())
  window.addEventListener('online', flush)
  document.addEventListener('visibilitychange', () => document.hidden || flush())
  await flush()
}

async function begin(works) {
  if (!(await works)) return false
  await restore()
  if (served) await note('skew', skewOf(Date.parse(served)))
  skew = (await fact('skew')) ?? 0
  // Its address alone: without a line the desk shows for which cases one may write.
  if (!offline) await note('places', [...new Set([...((await fact('places')) ?? []), slug])])
  return true
}

// How far this clock is ahead of the server's, in ms, at the least: the server looked at its own somewhere between the
// question for this page and the first byte of it. A clock that can be right is taken to be right.
function skewOf(server) {
  const [{ fetchStart, responseStart }] = performance.getEntriesByType('navigation')
  const ahead = performance.timeOrigin + fetchStart - server, behind = performance.timeOrigin + responseStart - server
  return Math.round(ahead > 0 ? ahead : Math.min(behind, 0))
}

// What is typed ---------------------------------------------------------------------------------------------------

const WORDED = ['text', 'title', 'alt', 'caption', 'credit', 'link', 'link_title', 'link_text']
const typed = () => ({ account, ...valuesOf(form), file: fields.file?.files[0] ?? null })

function fill(kept) {
  opens(kept)
  putBack(form, kept)
  // Asked whether one is sure: only of what came back with that question.
  if (fields.sure) fields.sure.closest('label').hidden = kept.ask !== 'sure'
  if (fields.file && 'file' in kept) choose(kept.file)
}

// The box is that of this draft from here on, or of none; a picture that the server has already goes with it.
function opens({ draft = '', stood = '', picture = '' }) {
  for (const [name, value] of Object.entries({ draft, stood, picture })) fields[name].value = value
  fields.picture.closest('p').hidden = !picture
  document.getElementById('of-draft').hidden = !draft
  const at = new URL(location.href)
  if (at.pathname !== `/desk/${slug}/` || (at.searchParams.get('draft') ?? '') === draft) return
  at.searchParams.delete('draft')
  if (draft) at.searchParams.set('draft', draft)
  history.replaceState(null, '', at)
}

// A picture comes back as if it had been chosen again.
function choose(file) {
  const chosen = new DataTransfer()
  if (file) chosen.items.add(file)
  fields.file.files = chosen.files
  if (file) fields.file.closest('details').open = true
}

// Not before what was kept the last time is in the box: it would be written over.
async function keep() {
  await begun
  const { file, ...kept } = typed()
  keepDraft(draftName(), WORDED.some(name => kept[name].trim()) ? kept : null).catch(() => {})
}

async function keepPicture() {
  await begun
  const [file] = fields.file.files
  keepDraft(pictureOf(draftName()), file ? { account, file } : null).catch(() => {})
}

// After the box was emptied, `anew`: what the server once gave into it counts no more.
async function restore(anew = false) {
  const picture = await draft(pictureOf(draftName()))
  if (picture && !fields.picture.value && !fields.file.files.length) choose(picture.file)
  const isOpened = fields.draft.value && (offline || location.pathname === `/desk/${slug}/`)
  // After a refusal without script the server gives back what it was sent, which is newer.
  if (!isOpened && !anew && (fields.text.defaultValue || fields.link.defaultValue)) return
  const kept = await draft(draftName()), words = fields.text.value
  // On from where one was in a draft that was opened, if nobody changed it since.
  if (isOpened && kept && (offline || String(kept.stood) === fields.stood.value)) return fill(kept)
  // Somebody was quicker than this: both stand in the box. Some browsers put the same words back themselves.
  const both = () => ({ ...kept, stood: fields.stood.value, text: [kept.text, words].filter(Boolean).join('\n\n') })
  if (kept) fill(words && words !== kept.text ? both() : kept)
}

function empty() {
  const was = fields.draft.value
  fill({ text: '', title: '', speaker: '', setting: 'not recorded', as_said: 'reported', not_before: '', alt: '', caption: '',
    credit: '', file: null, link: '', link_title: '', link_text: '', key_event: false, pinned: false, sure: false })
  // A draft is sent: back to the post that one had begun beside it.
  if (was) begun = restore(true).then(() => true, () => true)
}

// Into the outbox -------------------------------------------------------------------------------------------------

let busy = false

async function onSubmit(event) {
  // Another page is asked for its title, by the server; the form comes back with all that is in it.
  if (event.submitter?.getAttribute('formaction')?.endsWith('/look-up')) return
  // Kept at the server, in one step and with its picture, as without script.
  if (event.submitter?.getAttribute('formaction')?.endsWith('/keep')) return isSent(draftName())
  event.preventDefault()
  if (busy) return
  busy = true
  const sent = fields.text.value
  if (!(await begun)) return form.submit()
  const before = typed()
  try {
    if (before.text !== sent) return tell('What you wrote before is in the box too. Look at it; nothing was sent yet.')
    const lacks = ['alt', 'credit'].find(name => (before.file || before.picture) && !before[name].trim())
    if (lacks) return lacking(lacks)
    const unknown = unknownCommand(before.text)
    if (unknown) tell(`There is no command /${unknown}. Nothing was sent. A space before it publishes it so.`, true)
    else if (!(await commandsOf(fields, { slug, account, tell, flush, done: emptied }))) await put()
  } catch {
    if (!fields.text.value) fill(before)
    tell('This device could not keep it. Your words are in the box; copy them before you close this page.', true)
  } finally {
    busy = false
  }
}

function lacking(name) {
  tell('A picture needs a description, for those who do not see it, and a credit. Nothing was sent yet.', true)
  fields[name].focus()
}

async function put() {
  const kept = typed()
  const { text, title, setting, as_said, key_event, pinned, sure, not_before, link, link_title, link_text } = kept
  // Sent before, such as with a draft.
  const media = !kept.file && kept.picture || undefined
  const of = kept.draft ? { draft: kept.draft, stood: Number(kept.stood) } : {}, slot = draftName()
  const links = link.trim() ? { links: [{ url: link.trim(), title: link_title || hostOf(link), text: link_text }] } : {}
  const { name, role } = fields.speaker?.selectedOptions?.[0]?.dataset ?? {}
  const speaker = name ? { speaker: name, role, setting, as_said } : {}
  const written_at = new Date(Date.now() - skew).toISOString()
  const when = { ...(not_before && { not_before }), ...(sure && { sure }) }
  const body = { text, title, key_event, pinned, ...speaker, ...links, ...when, ...of }
  // Emptied first: what is typed while the disk is waited for is the next post.
  empty()
  told = []
  tell('')
  await enqueue({ account, case: slug, key: crypto.randomUUID(), written_at, body, media, typed: kept }, slot)
  flush().then(inBackground, inBackground)
}

function hostOf(address) {
  try { return new URL(address.trim()).hostname } catch { return address }
}

// Should this page be closed before there is a line.
async function inBackground() {
  // On a phone the list is below the fold.
  if (last && said.hidden) tell(`Kept on this device, not sent yet. ${WHY[last]}`)
  if (last === 'line') (await navigator.serviceWorker?.ready)?.sync?.register('heard outbox').catch(() => {})
}

async function emptied() {
  const name = draftName()
  empty()
  await keepDraft(name, null)
  await keepDraft(pictureOf(name), null)
}

// Out of it -------------------------------------------------------------------------------------------------------

export async function flush() {
  clearTimeout(timer)
  await show()
  const before = last
  last = await send(account, onSent)
  if (last === 'line' || last === 'later') {
    timer = setTimeout(flush, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)])
  } else tries = 0
  if (before && !last && offline) told.push('There is a line again, and all was sent. “Try again” opens the desk.')
  if (told.length) tell(told.join('\n'))
  await refused()
  await show()
}

// What became of the posts since the last was written; that one was held is not hidden by the next that was published.
let told = []

function onSent(post, { status, detail }) {
  if (post.case !== slug) return
  if (status !== 'published') told.push(`“${post.body.text.slice(0, 40)}…” ${detail}`)
  tell(told.join('\n') || 'Published.')
  show()
  if (!offline) refresh()
}

// What was refused goes back into the box if that is empty, and stays below it otherwise.
async function refused() {
  const [post] = (await mine()).filter(one => one.state === 'refused' && one.case === slug)
  if (!post || fields.text.value.trim()) return
  await back(post)
  tell(post.why, true)
}

async function back(post) {
  const words = fields.text.value.trim()
  const kept = words ? { ...typed(), text: `${words}\n\n${post.typed.text}` } : post.typed
  if (!words) opens(kept)
  await takeBack(post, draftName(), kept)
  fill({ ...kept, ask: post.ask })
  news.postMessage({})
  await show()
}

async function again(post) {
  await rewrite({ ...post, state: '', mistakes: 0 })
  await flush()
}

const mine = async () => (await waiting()).filter(post => post.account === account)

// What waits, as the reporter sees it -----------------------------------------------------------------------------

const WHY = {
  line: 'There is no line. What waits is sent as soon as there is one.',
  later: 'The server does not answer. It is asked again and again.',
  'signed out': 'You are signed out. These are kept on this device and sent when you have signed in again.',
}

async function show() {
  const posts = await mine()
  const others = (await waiting()).length - posts.length
  list.hidden = !posts.length && !others
  const parts = posts.map(item)
  if (posts.some(post => !post.state)) {
    const head = element('p', { className: 'when' }, WHY[last] ?? 'On its way.')
    if (last === 'signed out') head.append(' ', element('a', { href: '/desk/sign-in/' }, 'Sign in'))
    parts.unshift(head)
  }
  const theirs = `${others} of somebody else wait here until they sign in.`
  if (others) parts.push(element('p', { className: 'when' }, theirs))
  list.replaceChildren(...parts)
}

function item(post) {
  const state = post.state === 'refused' ? 'Not accepted' : post.state === 'stuck' ? 'Set aside' : 'Waiting'
  const at = new Date(post.written_at)
  const clock = element('time', { dateTime: post.written_at }, at.toLocaleTimeString('en-GB', CLOCK))
  const head = element('p', { className: 'when' }, element('b', {}, state), ' · written at ', clock)
  if (post.case !== slug) head.append(` · ${post.case}`)
  if (post.typed?.file) head.append(' · with a picture')
  const verbs = element('div', { className: 'verbs' })
  // Once it may have arrived it is not taken back: sent anew, it could stand there twice.
  const returns = post.case === slug && (post.state === 'refused' || !post.tried)
  if (returns) verbs.append(button('Take it back', () => back(post)))
  if (post.state) verbs.append(button('Send it again', () => again(post)))
  const why = post.why ? [element('p', { className: 'when' }, post.why)] : []
  const words = element('p', { className: 'words' }, [post.body.title, post.body.text].filter(Boolean).join('\n'))
  return element('article', { className: 'item held' }, head, words, ...why, ...(verbs.hasChildNodes() ? [verbs] : []))
}

const CLOCK = { hour: '2-digit', minute: '2-digit', timeZone: zone || undefined }

function button(label, does) {
  const one = element('button', { type: 'button', className: 'quiet' }, label)
  one.addEventListener('click', does)
  return one
}

function element(name, properties, ...inside) {
  const one = Object.assign(document.createElement(name), properties)
  one.append(...inside)
  return one
}

export function tell(words, wrong = false) {
  // What an answer of the server said above is old by now.
  if (words) for (const old of document.querySelectorAll('main > .done, main > #error')) old.remove()
  said.className = wrong ? 'error' : 'done'
  said.setAttribute('role', wrong ? 'alert' : 'status')
  said.hidden = !words
  said.textContent = words
}
