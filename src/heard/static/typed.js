// What somebody typed into a form, field by field, and put back as it was.

// Not what is asked anew each time (whether one is sure), what shows how something stands and would say otherwise (the
// footing, the delay), nor what belongs to the form and lies elsewhere on the page.
const FIELDS = 'input:not([type=hidden], [type=file], [type=password], [data-anew]), textarea, select:not([data-anew])'
// What goes with the words, so that the server knows what they were written on.
const WITH_THEM = ['based_on', 'draft', 'stood', 'picture']

const fieldsOf = form => [...form.querySelectorAll(FIELDS)].filter(one => one.name)
const isTick = field => field.matches('[type=checkbox]')

export function isChanged(field) {
  if (isTick(field)) return field.checked !== field.defaultChecked
  if (!field.matches('select')) return field.value !== field.defaultValue
  return field.selectedIndex !== Math.max([...field.options].findIndex(one => one.defaultSelected), 0)
}

export const isTyped = form => fieldsOf(form).some(isChanged)

// Of every field, or of those alone that are other than the server gave them.
export function valuesOf(form, changed = false) {
  const values = {}
  for (const one of fieldsOf(form)) if (!changed || isChanged(one)) values[one.name] = isTick(one) ? one.checked : one.value
  for (const name of WITH_THEM) if (form.elements[name]) values[name] = form.elements[name].value
  return values
}

// With `blank` into those alone that are empty. What was put back is not hidden in something that is folded.
export function putBack(form, values, blank = false) {
  for (const one of fieldsOf(form)) {
    if (values[one.name] === undefined || (blank && (isTick(one) || one.matches('select') || one.value))) continue
    if (isTick(one)) one.checked = values[one.name]
    else one.value = values[one.name]
    // Somebody who is not on this page, such as the one without a line, is still who was picked.
    if (one.matches('select') && one.selectedIndex < 0) one.selectedIndex = 0
    if (isChanged(one)) for (let at = one.closest('details'); at; at = at.parentElement.closest('details')) at.open = true
  }
  if (!blank) for (const name of WITH_THEM) if (form.elements[name] && values[name] !== undefined) form.elements[name].value = values[name]
}
