// The desk works without this. With it, nothing that was typed is lost: it is kept as one types, sent when there is a
// line, and destroyed when one signs out.

import { offerIn } from './commands.js'
import { compose } from './composer.js'
import { sendByKeys } from './enter.js'
import { answered, keepAll } from './keeping.js'
import { forgetAll, note, unsent, works } from './kept.js'
import { send } from './outbox.js'
import { listen } from './keys.js'
import { pasteInto } from './pasting.js'
import { present } from './presence.js'
import { returnTo } from './returning.js'

const signOut = document.querySelector('form[data-account]')
const account = signOut?.dataset.account
const told = document.querySelector('main > .done:not([hidden])'), alert = document.querySelector('main > .error[role=alert]')
const done = Boolean(told), refused = Boolean(alert)

// That something was done is told once. From an address that went on saying so, a page that is opened again after the line
// was gone would take for taken what was sent meanwhile, and let go of it.
if (done && location.search) {
  const here = new URL(location.href)
  for (const told of ['done', 'by']) here.searchParams.delete(told)
  history.replaceState(null, '', here)
}

document.addEventListener('keydown', event => {
  const keeps = document.getElementById('keep-draft')
  if (event.key !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey || !keeps || event.target.form !== keeps.form) return
  event.preventDefault()
  keeps.click()
})
sendByKeys()

// Nothing that was written here stays on a device after its owner signed out; so they are told if that destroys posts.
let warned = false

async function onSignOut(event) {
  event.preventDefault()
  const left = await unsent(account).catch(() => '')
  if (left && !warned) {
    warned = true
    warn(`Not sent yet: ${left}. Signing out destroys what is on this device. Send first, or sign out all the same.`)
    signOut.querySelector('button').textContent = 'Sign out and destroy'
    return
  }
  await ringNoMore().catch(() => {})
  const answer = await fetch(signOut.action, { method: 'POST', redirect: 'manual' }).catch(() => null)
  if (answer?.type !== 'opaqueredirect') {
    warned = false
    signOut.querySelector('button').textContent = 'Sign out'
    warn('There is no line, and signing out needs one. You are still signed in, and nothing was destroyed.')
    return
  }
  await forgetAll()
  for (const name of (await window.caches?.keys()) ?? []) await caches.delete(name)
  for (const worker of (await navigator.serviceWorker?.getRegistrations()) ?? []) await worker.unregister()
  location.replace('/')
}

// A phone that still rang for who left it would ring for whoever takes it next.
async function ringNoMore() {
  for (const worker of (await navigator.serviceWorker?.getRegistrations()) ?? []) {
    const rung = await worker.pushManager?.getSubscription()
    if (rung) await fetch('/watch/mine/push/end', { method: 'POST', redirect: 'manual', body: new URLSearchParams({ address: rung.endpoint }) })
  }
}

function warn(words) {
  const told = { className: 'error', role: 'alert', textContent: words }
  document.querySelector('main').prepend(Object.assign(document.createElement('p'), told))
}

async function begin() {
  if (!account) return
  // What was taken is let go before anything is put back.
  const answer = works().then(able => able && answered(done, refused).catch(() => null).then(of => ({ refused: of })))
  const able = answer.then(Boolean), box = document.querySelector('#composer #publish')
  const composing = box && compose(account, able)
  if (box) {
    offerIn(box.elements)
    pasteInto(box.elements.text)
  }
  present()
  listen()
  returnTo(alert ?? told)
  if (!(await able)) return
  signOut.addEventListener('submit', onSignOut)
  await note('account', account)
  navigator.serviceWorker?.register('/desk/-/worker.js', { scope: '/desk/', type: 'module' }).catch(() => {})
  const { refused: of } = await answer
  keepAll(document, account, of)
  document.addEventListener('refreshed', ({ detail }) => detail.forEach(one => keepAll(one, account, null)))
  await (composing || send(account))
}

begin()
