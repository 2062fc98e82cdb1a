// Passkeys: adding one on one's own page, and signing in with one. Nothing else on these pages needs a script.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0))
const text = (raw) =>
  btoa(String.fromCharCode(...new Uint8Array(raw)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')

const said = document.getElementById('passkey-said')

async function ask (address, body) {
  const answer = await fetch(address, {
    method: 'POST',
    redirect: 'error',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body ?? {})
  })
  const told = await answer.json()
  if (!answer.ok) throw new Error(told.detail)
  return told
}

// What went wrong, in our words: a browser's own are not for people.
async function trying (button, deed) {
  button.disabled = true
  said.textContent = ''
  try {
    location.assign(await deed())
  } catch (wrong) {
    const unsaid = { NotAllowedError: 'Nothing was done: the device was not asked, or said no.', InvalidStateError: 'This device has a passkey for you already.' }
    said.textContent = unsaid[wrong.name] ?? (wrong.name === 'Error' ? wrong.message : 'That did not work. Nothing was changed; try again.')
    button.disabled = false
  }
}

async function add (label) {
  const options = await ask('/account/passkey/asked/')
  options.challenge = bytes(options.challenge)
  options.user.id = bytes(options.user.id)
  for (const one of options.excludeCredentials) one.id = bytes(one.id)
  const made = await navigator.credentials.create({ publicKey: options })
  const { to } = await ask('/account/passkey/', {
    id: text(made.rawId),
    clientData: text(made.response.clientDataJSON),
    authenticatorData: text(made.response.getAuthenticatorData()),
    publicKey: text(made.response.getPublicKey()),
    label
  })
  return to
}

async function signIn () {
  const options = await ask('/account/sign-in/asked/')
  options.challenge = bytes(options.challenge)
  const made = await navigator.credentials.get({ publicKey: options })
  const { to } = await ask('/account/sign-in/', {
    id: text(made.rawId),
    clientData: text(made.response.clientDataJSON),
    authenticatorData: text(made.response.authenticatorData),
    signature: text(made.response.signature),
    userHandle: made.response.userHandle ? text(made.response.userHandle) : ''
  })
  return to
}

// A passkey is of a name: an address of numbers can have none, as the account's page says.
if (window.PublicKeyCredential && !/^[\d.]+$|:/.test(location.hostname)) {
  const adding = document.getElementById('add-passkey')
  if (adding) {
    adding.hidden = false
    adding.addEventListener('submit', (event) => {
      event.preventDefault()
      trying(adding.querySelector('button'), () => add(document.getElementById('passkey-label').value))
    })
  }
  const signing = document.getElementById('passkey')
  if (signing) {
    signing.hidden = false
    const button = signing.querySelector('button')
    button.addEventListener('click', () => trying(button, signIn))
  }
}
