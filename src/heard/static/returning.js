// After a form was answered one is where one was, and what became of it is said there: not at the top of a page of four
// hundred posts. Kept between the two pages are ids of places on them, for this tab, until the next page has read them.

const AT = 'heard at'

export function returnTo(told) {
  const places = read()
  document.addEventListener('submit', event => event.defaultPrevented || write(placesOf(event.target)))
  if (!told) return
  // Whoever went on before this script was there is left where they are.
  if (document.activeElement !== document.body) return
  if (places[0] === 'publish' || location.hash === '#text') return document.getElementById('text')?.focus()
  // Both versions stand at the top, with what was typed.
  const here = document.querySelector('.conflict') ? null : places.map(find).find(Boolean)
  if (!here) return told.matches('.error') ? focus(told) : undefined
  if (here.matches('details[open]')) here.querySelector('summary').after(told)
  else if (here.matches('details')) here.after(told)
  else if (here.matches('h2, h3')) here.after(told)
  else here.prepend(told)
  focus(here.matches('details') ? here.querySelector('summary') : here)
  here.scrollIntoView({ block: 'nearest' })
}

// From the form outwards: itself, what it is folded in, its post, the section that it is of.
function placesOf(form) {
  const places = []
  for (let at = form; at && at.id !== 'main'; at = at.parentElement)
    for (const place of [at.getAttribute('id'), at.dataset.post, at.getAttribute('aria-labelledby')]) if (place) places.push(place)
  return places
}

function find(place) {
  const one = document.getElementById(place) ?? document.querySelector(`[data-post="${CSS.escape(place)}"]`)
  return one?.checkVisibility() && one.id !== 'main' ? one : null
}

function focus(one) {
  if (!one.matches('summary')) one.tabIndex = -1
  one.focus({ preventScroll: true })
}

function read() {
  try {
    const places = JSON.parse(sessionStorage.getItem(AT) ?? '[]')
    sessionStorage.removeItem(AT)
    return places
  } catch { return [] /* a browser that keeps nothing */ }
}

function write(places) {
  try { sessionStorage.setItem(AT, JSON.stringify(places)) } catch { /* as above */ }
}
