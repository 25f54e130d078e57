// A filter's mistake in words, and where in the text it is. Imports nothing.

const BEGINNINGS = ['INCLUDE ', 'EXCLUDE '];
const TOKEN = /^(?:\w[\w-]*|"[^"]*"?|'[^']*'?|\S)/u;

/**
 * What to show of `error` ({ message, at: column in characters, from 1 }): the text before, in and
 * after the mistake, a message, whether the text merely is not finished, and, where the message names
 * what may have been meant, `correction` ({ word, text with it }).
 */
export function wordsOf(text, { message: problem, at = 1 }) {
  const characters = [...text];
  const before = characters.slice(0, at - 1).join('');
  const rest = text.slice(before.length);
  const begun = BEGINNINGS.some((word) => word.startsWith(text.toUpperCase()));
  const plain = problem.replace(/^filter: /u, '').replace(/ \(at \d+\)$/u, '');
  if (begun || rest.trim() === '') {
    const missing = begun ? 'INCLUDE or EXCLUDE, then ItemID WHERE and a condition' : plain;
    const message = `Not finished: ${missing}.`;
    return { before, marked: '', after: rest, message, unfinished: true };
  }
  const marked = TOKEN.exec(rest)?.[0] ?? '';
  const after = rest.slice(marked.length);
  const [, word] = /did you mean "?([^"?]+)"?\?$/u.exec(plain) ?? [];
  return {
    before,
    marked,
    after,
    message: `Column ${at}: ${/[.?!]$/u.test(plain) ? plain : `${plain}.`}`,
    unfinished: false,
    correction: word && { word, text: before + word + after },
  };
}
