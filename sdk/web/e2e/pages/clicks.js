// Buttons that answer, ask, throw and do nothing. In a file, as pages have it: what an error says of its place
// is a part of the test.
const { options } = JSON.parse(document.getElementById('config').textContent)
const on = (id, fn) => document.getElementById(id).addEventListener('click', fn)
const output = document.querySelector('output')
on('live', () => {
	output.textContent = `${Number(output.textContent) + 1}`
})
on('ask', () => void fetch(`/api/${options.app}/ask`))
on('throws', () => {
	throw new Error('in a handler')
})
