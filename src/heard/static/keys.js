// The desk by keys: where one is is where the browser's own focus is, so Tab goes on from there. Single keys can be put
// off (WCAG 2.1.4), and are never taken from what is typed in.

import { tell } from './composer.js'
import { fact, note } from './kept.js'
import { refresh } from './redraw.js'

const sheet = document.getElementById('keys')
const single = document.getElementById('single-keys')

export function listen() {
  if (!sheet) return
  const shows = document.getElementById('show-keys')
  if (shows) {
    shows.hidden = false
    shows.addEventListener('click', () => sheet.showModal())
  }
  fact('no single keys').then(off => { single.checked = !off }).catch(() => {})
  single.addEventListener('change', () => note('no single keys', !single.checked).catch(() => {}))
  document.addEventListener('keydown', onKey)
  document.addEventListener('change', count)
  document.addEventListener('refreshed', count)
  document.addEventListener('submit', onSubmit)
  count()
}

const TYPED_IN = 'input:not([type=checkbox]), textarea, select, [contenteditable]'

function onKey(event) {
  const { key, target } = event
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || sheet.open) return
  if (key === 'Escape' && target.matches(TYPED_IN)) return leave(target)
  const does = KEYS[key]
  if (!does || target.matches(TYPED_IN) || (!single.checked && key !== '?')) return
  if (does(target.closest('[data-post]')) !== false) event.preventDefault()
}

const KEYS = {
  '?': () => sheet.showModal(),
  n: () => document.getElementById('text')?.focus(),
  d: () => document.querySelector('[data-post].draft')?.focus(),
  j: post => go(post, 1),
  k: post => go(post, -1),
  c: post => open(post, 'reword', 'textarea'),
  w: post => open(post, 'withdraw', 'select'),
  e: post => press(post, 'key'),
  p: post => press(post, 'pin'),
  '[': post => press(post, 'move', 'Move one earlier'),
  ']': post => press(post, 'move', 'Move one later'),
  f: post => press(post, 'move', 'Bring forward'),
  x: post => post?.querySelector('[form=several]')?.click() ?? false,
  s: () => openOne('chosen', 'input:not([type=hidden])'),
  v: () => { const beside = document.getElementById('beside'); beside.open = !beside.open },
}

// Out of a box and back to the post that it belongs to. Not out of the middle of a new post: Escape there only closes
// what is offered, and the next key still sends it.
function leave(field) {
  if (field.id === 'text' && field.value) return
  const post = field.closest('[data-post]')
  field.blur()
  post?.focus()
}

function go(post, by) {
  const all = [...document.querySelectorAll('[data-post]')]
  const next = all[post ? all.indexOf(post) + by : 0]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

const open = (post, what, field) => post ? openOne(`${what}-${post.dataset.post}`, field) : false

function openOne(id, field) {
  const one = document.getElementById(id)
  if (!one) return false
  one.open = true
  one.querySelector(field)?.focus()
}

// A button of one post does what its key does: the page that one is at stays, older posts and all.
function onSubmit(event) {
  const { target: form, submitter } = event, post = form.closest('[data-post]')
  if (event.defaultPrevented || !post || !form.elements.post || !form.closest('.verbs')) return
  // What is taken back is gone on with in the box.
  if (form.action.endsWith('/take-back')) return
  event.preventDefault()
  done(form, post.dataset.post, submitter.innerText.split(':')[0])
}

// As the button would, but one stays where one is.
function press(post, verb, label = '') {
  const forms = [...(post?.querySelectorAll(`form[action$="/${verb}"]`) ?? [])]
  const form = forms.find(one => one.innerText.includes(label))
  if (!form) return false
  done(form, post.dataset.post, label || form.innerText.trim())
}

async function done(form, id, what) {
  const before = idsOfPosts()
  const body = new URLSearchParams(new FormData(form))
  const answer = await fetch(form.action, { method: 'POST', body, redirect: 'manual' }).catch(() => null)
  if (!answer) return tell('There is no line, and this is done at once or never. Nothing was changed.', true)
  // Refused, or signed out: the page that says so is shown, as without script. Under the same key it is done once.
  if (answer.type !== 'opaqueredirect') return form.submit()
  const isShown = await refresh()
  tell(isShown ? `${what}: done.` : `${what}: done. It shows here once what you typed below is sent or taken out.`)
  if (isShown) nextTo(id, before)?.focus()
}

const idsOfPosts = () => [...document.querySelectorAll('[data-post]')].map(one => one.dataset.post)

// The post itself; where it is gone, the one after it, or the last before.
function nextTo(id, before) {
  const at = before.indexOf(id)
  for (const one of [...before.slice(at), ...before.slice(0, at).reverse()]) {
    const post = document.querySelector(`[data-post="${one}"]`)
    if (post) return post
  }
}

function count() {
  const chosen = document.querySelectorAll('[form=several]:checked').length
  const where = document.getElementById('how-many')
  if (where) where.textContent = chosen ? `: ${chosen}` : ''
}
