// What may stand at the beginning of the box instead of words, and who may be picked with @.

// Those that mark the post, and what they set; those that do something at once instead of posting.
const MARKS = {
  key: ['a key event', fields => { fields.key_event.checked = true }],
  pin: ['keep it above the others', fields => { fields.pinned.checked = true }],
  quote: ['word for word, of whoever is picked with @', fields => { fields.as_said.value = 'verbatim' }],
  paraphrase: ['in our words, of whoever is picked with @', fields => { fields.as_said.value = 'reported' }],
  read: ['read out from a document, word for word', fields => {
    fields.as_said.value = 'verbatim'
    fields.setting.value = 'read from a document'
  }],
  evidence: ['said in evidence', fields => { fields.setting.value = 'evidence' }],
  submission: ['said in submission', fields => { fields.setting.value = 'submission' }],
  finding: ['a ruling or conclusion, of whoever is picked with @', fields => {
    fields.setting.value = 'ruling or conclusion'
    fields.key_event.checked = true
  }],
}
const ACTS = {
  pause: ['pause: /pause 14:00 The court rose', pause, 'Paused.'],
  resume: ['go on', words => ['state', { state: 'live', words }], 'Live.'],
  summary: ['write the summary', text => ['summary', { text, based_on: summaryBefore ?? newestSummary() }], 'The summary is written.'],
}
const OF_SOMEONE = ['quote', 'paraphrase', 'read', 'evidence', 'submission', 'finding']
const OFFERED = 8
const HEAD = /^[/]([a-z]+)(?:\s|$)/

function pause(words) {
  const [, until, rest] = /^(\d\d?:\d\d)?\s*([^]*)$/.exec(words)
  return ['state', { state: 'paused', words: rest, ...(until && { until: until.padStart(5, '0') }) }]
}

// Which summary stood as somebody began to write another here: one that came meanwhile is not written over. Without the
// form to know it from (the shell without a line) there was none, so that any that there is comes back to be read first.
let summaryBefore
const newestSummary = () => Number(document.querySelector('#summary-form [name=based_on]')?.value ?? 0)
const writesSummary = box => /^[/]summary\s/.test(box.value)

// The first command that is none, if the text begins with one.
export function unknownCommand(text) {
  const [, name] = HEAD.exec(text) ?? []
  if (!name || name in ACTS) return ''
  return name in MARKS ? unknownCommand(text.slice(name.length + 2)) : name
}

// Do what the text begins with. True when that was all, and there is nothing to post.
export async function commandsOf(fields, desk) {
  let named, bySomeone = false
  while (([, named] = HEAD.exec(fields.text.value) ?? []) && named) {
    const rest = fields.text.value.slice(named.length + 2)
    if (named in ACTS) return act(named, rest.trim(), desk)
    bySomeone ||= OF_SOMEONE.includes(named)
    if (bySomeone && !fields.speaker?.value) {
      desk.tell('Whose words are they? Put @ and pick who said it. Nothing was sent.', true)
      return true
    }
    MARKS[named][1](fields)
    fields.text.value = rest
  }
  return !fields.text.value.trim()
}

async function act(name, words, { slug, account, tell, flush, done }) {
  const [, asks, told] = ACTS[name]
  const [path, body] = asks(words)
  // In order: what was written before goes out before.
  await flush()
  const answer = await fetch(`/api/v1/cases/${slug}/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID(), 'Heard-Account': account },
    body: JSON.stringify(body),
    redirect: 'error',
  }).catch(() => null)
  const said = await answer?.json().catch(() => null)
  if (answer?.ok && said) {
    summaryBefore = undefined
    await done()
    tell(told)
  } else if (answer?.status === 409 && said?.theirs !== undefined) {
    summaryBefore = said.position
    tell(`${said.detail} Theirs: ${said.theirs}`, true)
  } else tell(said?.detail ?? 'There is no line, and this is done at once or never. Your words are still here.', true)
  return true
}

// The list under the box -------------------------------------------------------------------------------------------

export function offerIn(fields) {
  const box = fields.text, list = document.getElementById('offered')
  // `opening`: what was begun with asks for a name, so whoever is picked next is named in it, and did not say it.
  let offered = [], at = 0, cut = 0, opening = false

  const close = () => {
    offered = []
    list.hidden = true
    box.removeAttribute('aria-activedescendant')
  }

  function look() {
    summaryBefore = writesSummary(box) ? (summaryBefore ?? newestSummary()) : undefined
    const before = box.value.slice(0, box.selectionStart)
    const command = /^[/]([a-z]*)$/.exec(before), person = /(?:^|\s)@([^\s@]*)$/.exec(before)
    const begun = (command ?? person)?.[1].toLowerCase()
    offered = command ? commands(begun) : person ? people(begun) : []
    cut = offered.length ? begun.length + 1 : 0
    at = 0
    draw()
  }

  const commands = begun => [
    ...Object.entries({ ...MARKS, ...ACTS }).filter(([name]) => name.startsWith(begun)).map(([name, [words, sets]]) => ({
      label: `/${name}`, words, pick: () => (name in MARKS ? (sets(fields), '') : `/${name} `),
    })),
    ...[...document.querySelectorAll('#openings option')].filter(one => one.value.startsWith(begun)).map(one => ({
      label: `/${one.value}`, words: one.textContent, pick: () => one.textContent.replace('{name}', '@'),
    })),
  ]

  const people = begun =>
    [...(fields.speaker?.options ?? [])]
      .filter(one => one.dataset.name?.toLowerCase().split(' ').some(part => part.startsWith(begun)))
      .slice(0, OFFERED)
      .map(one => ({ label: one.dataset.name, words: one.dataset.role, pick: () => opening ? named(one) : said(one) }))

  function said(person) {
    fields.speaker.value = person.value
    return ''
  }

  function named({ dataset: { name, role } }) {
    const end = box.value.indexOf('{role}', box.selectionStart)
    if (end >= 0) {
      const before = box.value.slice(0, end), after = box.value.slice(end + '{role}'.length)
      const place = box.selectionStart
      box.value = role ? before + role + after : before.replace(/,?\s$/, '') + after.replace(/^,/, '')
      box.setSelectionRange(place, place)
    }
    return name
  }

  function draw() {
    list.replaceChildren(...offered.map(({ label, words }, n) => {
      const line = document.createElement('li')
      line.id = `offered-${n}`
      line.role = 'option'
      line.ariaSelected = String(n === at)
      line.append(Object.assign(document.createElement('b'), { textContent: label }), ' ', words)
      line.addEventListener('pointerdown', event => { event.preventDefault(); take(n) })
      return line
    }))
    list.hidden = !offered.length
    if (offered.length) box.setAttribute('aria-activedescendant', `offered-${at}`)
    else close()
  }

  function take(n) {
    const end = box.selectionStart
    const asks = cut, words = offered[n].pick()
    box.setRangeText(words, end - asks, end, 'end')
    // Where the name goes, the people of the case are offered.
    opening = words.includes('@')
    if (opening) box.setSelectionRange(end - asks + words.indexOf('@') + 1, end - asks + words.indexOf('@') + 1)
    close()
    box.dispatchEvent(new Event('input', { bubbles: true }))
  }

  box.addEventListener('input', look)
  box.addEventListener('blur', close)
  box.addEventListener('keydown', event => {
    if (!offered.length || event.isComposing) return
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      at = (at + (event.key === 'ArrowDown' ? 1 : offered.length - 1)) % offered.length
      draw()
    } else if (plain && (event.key === 'Enter' || event.key === 'Tab')) take(at)
    else if (event.key === 'Escape') close()
    else return
    event.preventDefault()
  })
}
