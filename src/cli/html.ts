const entities: Readonly<{ [c: string]: string }> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as it stands in HTML and SVG. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, c => entities[c]!)
