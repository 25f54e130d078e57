// The box for a filter: judged while it is typed, with the mistake marked under the text. A filter
// with a mistake changes nothing: the last good one stays in force.

import { element } from './dom.js';
import { wordsOf } from './filter-words.js';

const PAUSE_MS = 150; // in typing, before the text is judged

const STAYS = ' The list still obeys the last good filter.';
const NONE_PASSES = 'No movie passes. Values are compared letter by letter, as in "Comedy".';

const byId = (id) => document.getElementById(id);

/** `onChange(what)` runs when another filter is in force. */
export function createFilterBox(parts) {
  return new FilterBox(parts);
}

class FilterBox {
  constructor({ recommender, session, onChange }) {
    Object.assign(this, { recommender_: recommender, session_: session, onChange_: onChange });
    this.box_ = byId('filter');
    this.mirror_ = this.box_.parentElement.querySelector('.filter-mirror');
    this.message_ = byId('filter-message');
    this.correct_ = byId('filter-correct');
    this.inForce_ = '';
    this.pause_ = 0;
    this.box_.addEventListener('input', () => this.wait_());
    this.correct_.addEventListener('click', () => this.correctIt_());
    this.examples_ = Object.entries(recommender.filters).map(([name, expression]) =>
      this.example_(name, expression),
    );
    byId('examples').append(...this.examples_.map((one) => element('li', {}, one.button)));
    this.judge_();
  }

  /** The filter in force, '' for none. */
  expression() {
    return this.inForce_;
  }

  /** Says how many movies pass the filter in force; history may be part of it. */
  count() {
    const { itemCount } = this.recommender_;
    const all = itemCount.toLocaleString('en');
    this.count_ = this.inForce_ === '' ? itemCount : this.passing_(this.inForce_);
    byId('filter-count').textContent =
      this.count_ === itemCount
        ? `All ${all} movies pass`
        : `${this.count_.toLocaleString('en')} of ${all} movies pass`;
    this.say_();
  }

  passing_(filter) {
    const numResults = this.recommender_.itemCount;
    return this.session_.getRecommendations({ numResults, filter }).itemList.length;
  }

  /** What is wrong with an expression, also what shows only when it is asked; or undefined. */
  problemOf_(expression) {
    if (expression === '') return undefined;
    const problem = this.recommender_.checkFilter(expression);
    if (problem) return problem;
    try {
      this.passing_(expression);
      return undefined;
    } catch (error) {
      if (error.code === 'INVALID_FILTER') return error;
      throw error;
    }
  }

  wait_() {
    clearTimeout(this.pause_);
    byId('filter-rule').setAttribute('aria-busy', 'true');
    this.mark_(undefined); // the marked place may have moved
    this.pause_ = setTimeout(() => this.judge_(), PAUSE_MS);
  }

  set_(text) {
    clearTimeout(this.pause_);
    this.box_.value = text;
    this.judge_();
  }

  judge_() {
    const text = this.box_.value.trim() === '' ? '' : this.box_.value;
    // A bundle's filter may be called by its name; as an expression others can be joined to it.
    const expression = this.recommender_.filters[text.trim()] ?? text;
    const problem = this.problemOf_(expression);
    this.problem_ = problem && wordsOf(text, problem);
    this.showProblem_();
    byId('filter-rule').removeAttribute('aria-busy');
    for (const { button, says } of this.examples_)
      button.setAttribute('aria-pressed', String(says === expression));
    if (problem || expression === this.inForce_) return;
    this.inForce_ = expression;
    this.count();
    this.onChange_(`${byId('filter-count').textContent}.`);
  }

  showProblem_() {
    const { problem_: problem } = this;
    this.mark_(problem);
    this.box_.setAttribute('aria-invalid', String(problem !== undefined));
    this.correct_.hidden = problem?.correction === undefined;
    this.correct_.textContent = problem?.correction ? `Write ${problem.correction.word}` : '';
    this.say_();
  }

  /** The problem, or what is worth saying of a filter without one. */
  say_() {
    const { problem_: problem } = this;
    const stays = problem && this.inForce_ !== '' ? STAYS : '';
    const text = problem ? problem.message + stays : this.count_ === 0 ? NONE_PASSES : '';
    this.message_.classList.toggle('is-mild', problem === undefined || problem.unfinished);
    // The same words again would be read aloud again.
    if (this.message_.textContent !== text) this.message_.textContent = text;
  }

  /** The mirror has the same text in the same place, invisible but for its underline. */
  mark_(words) {
    const text = this.box_.value;
    const { before, marked, after } = words ?? { before: text, marked: '', after: '' };
    // A line end at the end has no height of its own without something behind it.
    const mark = element('mark', { textContent: marked });
    this.mirror_.replaceChildren(before, ...(marked === '' ? [] : [mark]), after, '\u200b');
  }

  correctIt_() {
    this.set_(this.problem_.correction.text);
    this.box_.focus();
  }

  /** A second click takes the example back. */
  example_(name, says) {
    const button = element('button', {
      type: 'button',
      className: 'example',
      title: says,
      textContent: name.replaceAll('-', ' '),
    });
    button.addEventListener('click', () => this.set_(this.inForce_ === says ? '' : says));
    return { button, says };
  }
}
