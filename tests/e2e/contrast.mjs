// Contrast of texts, computed in the page itself.

/** Runs in the page: texts on plain grounds whose contrast is under 4.5:1 (WCAG AA). */
export function faintTexts() {
  const parse = (colour) => colour.match(/[\d.]+/gu).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb
      .slice(0, 3)
      .map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const selector =
    'h1, h2, .intro p, .badge:not([hidden]), .genre span, .card-genres, .timing, ' +
    '.watched-title, .watched-year, .quiet-button:not([hidden]), .foot p, .rules-name, .rules-facts, ' +
    '.rule-name, .rule-hint, .rules output, .filter-count, .filter-message, .filter-box textarea, ' +
    '.example, .why-button, .promoted:not([hidden]), .why h3, .why-words, .why-title';
  for (const element of document.querySelectorAll(selector)) {
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${element.className || element.tagName}: ${ratio.toFixed(2)}`);
  }
  return faint;
}
