// The desk as it is now: only the parts and rows that are other than those on this page are asked for, and put in place of
// theirs. What is typed, opened, chosen or looked at stays, and so does where one is.

import { isChanged } from './typed.js'

const FIELDS = 'input:not([form=several]), textarea, select'
const slug = document.getElementById('here')?.dataset.case

let asking = null, next = null, isLoud = false

// Whether all of it is shown. `quietly`: nobody asked for it, so nothing is drawn anew that somebody is at. One question
// is under way at a time; one more is enough for all that is to be seen after it.
export function refresh(quietly = false) {
  if (!asking) return asking = redraw(quietly).finally(() => { asking = null })
  isLoud ||= !quietly
  return next ??= asking.catch(() => {}).then(() => {
    const loud = isLoud
    next = null
    isLoud = false
    return refresh(!loud)
  })
}

async function redraw(quietly) {
  // Under another address stands the answer to a form, with what was typed.
  if (location.pathname !== `/desk/${slug}/`) return false
  const asked = new URLSearchParams(location.search)
  asked.set('had', [...document.querySelectorAll('[data-part]')].map(one => one.dataset.part))
  const answer = await fetch(`/desk/${slug}/changed/?${asked}`, { cache: 'no-store' }).catch(() => null)
  if (!answer?.ok || answer.redirected) return false
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const rows = document.getElementById('rows'), now = fresh.getElementById('rows')
  if (!now) return false
  const seen = firstSeen(), before = seen?.getBoundingClientRect().top
  const at = placeOf(document.activeElement)
  const drawn = [...fresh.querySelectorAll('[data-part]')], put = []
  let isWhole = true
  for (const one of drawn) {
    const old = one.dataset.post && rows.contains(rowOf(one)) ? rowOf(one) : one.id && document.getElementById(one.id)
    if (!old || old.dataset.part === one.dataset.part) continue
    if (isBusy(old, quietly)) isWhole = false
    else put.push(replace(old, one))
  }
  isWhole = order(rows, now, quietly, put) && isWhole
  if (seen && before < innerHeight) stay(seen, before)
  if (at) comeBack(at)
  document.getElementById('here').dataset.latest = fresh.getElementById('changed').dataset.latest
  document.dispatchEvent(new CustomEvent('refreshed', { detail: put }))
  return isWhole
}

const rowOf = ({ dataset }) => document.querySelector(`#rows > [data-post="${dataset.post}"]`)

// What they opened stays open, and what they chose chosen.
function replace(old, fresh) {
  const one = document.adoptNode(fresh)
  for (const { id } of old.querySelectorAll('details[open][id]')) one.querySelector(`#${CSS.escape(id)}`)?.setAttribute('open', '')
  for (const { name } of old.querySelectorAll('[form=several]:checked')) {
    const tick = one.querySelector(`[name="${name}"]`)
    if (tick) tick.checked = true
  }
  old.replaceWith(one)
  return one
}

// The rows in their order. One that is gone, and that somebody is at, stays until they are done.
function order(rows, now, quietly, put) {
  const ids = now.dataset.order.split(' ').filter(Boolean), known = new Set(ids)
  const kept = new Set()
  for (const row of [...rows.children]) {
    if (known.has(row.dataset.post)) continue
    if (isBusy(row, quietly)) kept.add(row)
    else row.remove()
  }
  const byId = new Map([...rows.children].map(row => [row.dataset.post, row]))
  let at = rows.firstElementChild
  for (const id of ids) {
    while (kept.has(at)) at = at.nextElementSibling
    let row = byId.get(id)
    if (!row) {
      row = document.adoptNode(now.querySelector(`[data-post="${id}"]`))
      put.push(row)
    }
    if (row === at) at = at.nextElementSibling
    else rows.insertBefore(row, at)
  }
  return !kept.size
}

function isBusy(part, quietly) {
  if ([...part.querySelectorAll(FIELDS)].some(isChanged)) return true
  if (!quietly) return false
  const chosen = getSelection()
  const { activeElement } = document
  return part !== activeElement && part.contains(activeElement) || !chosen.isCollapsed && chosen.containsNode(part, true)
}

// Where one looks ---------------------------------------------------------------------------------------------------

const POSTS = '.columns [data-post]'
const postOf = id => document.querySelector(`.columns [data-post="${id}"]`)

function firstSeen() {
  return [...document.querySelectorAll(POSTS)].find(one => one.getBoundingClientRect().bottom > 0)
}

function stay({ dataset }, before) {
  const now = postOf(dataset.post)
  if (now) scrollBy({ top: now.getBoundingClientRect().top - before, behavior: 'instant' })
}

// A thing has a name of its own, or lies in a row that has one.
function placeOf(one) {
  if (!one || one === document.body) return null
  return { one, id: one.id, post: one.closest('[data-post]')?.dataset.post }
}

function comeBack({ one, id, post }) {
  if (document.activeElement === one) return
  const now = one.isConnected ? one : (id && document.getElementById(id)) || (post && postOf(post))
  now?.focus({ preventScroll: true })
}
