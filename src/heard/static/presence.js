// Who else is at this desk, and what they write at; how many read, and how fast it reaches them. Said and asked every
// few seconds while this page is looked at. No word that is typed is in it.

import { refresh } from './redraw.js'

const BEAT_MS = 5000
// So long after the last key somebody is still writing.
const WRITES_MS = 30000
// One of eight (`PAGES` on the server): two pages of one account that draw the same take turns.
const page = String(Math.floor(Math.random() * 8))

const who = document.getElementById('who')
const figures = document.getElementById('figures')
const box = document.getElementById('publish')
const { dataset } = document.getElementById('here') ?? {}, slug = dataset?.case
let touched = null, touchedAt = 0, timer, said = '', isBehind = false

export function present() {
  if (!who || !slug) return  // a station of the watch has one of that name, too
  document.addEventListener('input', ({ target }) => touch(target.form))
  document.addEventListener('focusin', ({ target }) => target.form?.matches('[data-keep]') && touch(target.form))
  document.addEventListener('visibilitychange', () => document.hidden ? leave() : beat())
  window.addEventListener('pagehide', leave)
  beat()
}

function touch(form) {
  if (!form?.matches('#publish, [data-keep]')) return
  touched = form
  touchedAt = Date.now()
  if (at() !== said) beat()
}

function at() {
  if (!touched?.isConnected || Date.now() - touchedAt > WRITES_MS) return ''
  if (touched !== box) return touched.elements.post?.value ?? ''
  return touched.elements.text.value.trim() ? 'new' : ''
}

async function beat() {
  clearTimeout(timer)
  if (document.hidden) return
  timer = setTimeout(beat, BEAT_MS)
  said = at()
  const answer = await tell({ at: said }).catch(() => null)
  if (answer?.status === 401) return clearTimeout(timer)
  const told = answer?.ok ? await answer.json().catch(() => null) : null
  show(told)
  if (told && (isBehind || told.latest !== dataset.latest)) isBehind = !(await refresh(true))
}

function tell(what, options) {
  const body = new URLSearchParams({ page, at: '', ...what })
  return fetch(`/desk/${slug}/here`, { method: 'POST', body, redirect: 'error', ...options })
}

function leave() {
  clearTimeout(timer)
  tell({ leaves: '1' }, { keepalive: true }).catch(() => {})
}

// What is shown -----------------------------------------------------------------------------------------------------

// As templates/desk/here.html says it.
function show(told) {
  const here = told?.here ?? []
  const names = here.map(one => one.at === 'new' ? `${one.name}, writing` : one.at ? `${one.name}, at a post` : one.name)
  put(who, names.length ? `Here too: ${names.join('; ')}.` : told ? 'Nobody else is here.' : '')
  const readers = told?.readers
  const delay = told?.delivery_ms == null ? '' : `; the last change reached them all in ${told.delivery_ms} ms`
  put(figures, readers == null ? '' : `${readers} ${readers === 1 ? 'reader' : 'readers'} now${delay}.`)
  for (const post of document.querySelectorAll('[data-post]')) {
    const theirs = here.filter(one => one.at === post.dataset.post).map(one => one.name)
    const line = post.querySelector('.editing')
    line.hidden = !theirs.length
    put(line, theirs.length ? `${theirs.join(' and ')} ${theirs.length > 1 ? 'are' : 'is'} writing at this post.` : '')
  }
}

// A reader that is read to hears what has changed, and not the same again.
function put(where, words) {
  if (where.textContent !== words) where.textContent = words
}
