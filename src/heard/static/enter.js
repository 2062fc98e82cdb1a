// Ctrl or ⌘ and Enter send the form that one types in, with a line and without. The hint that says so is shown from here:
// without script the keys do nothing.

export function sendByKeys() {
  document.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !event.target.matches('[data-send]')) return
    event.preventDefault()
    event.target.form.requestSubmit()
  })
  for (const hint of document.querySelectorAll('.hint')) {
    hint.hidden = false
    if (/Mac|iP(hone|ad)/.test(navigator.userAgent)) hint.textContent = hint.textContent.replace('Ctrl', '⌘')
  }
}
