// What the page knows about a movie, read from the bundle once and kept.

const COLUMNS = ['TITLE', 'GENRES', 'YEAR'];
const ARTICLE_AT_END = /^(.*), (The|A|An|La|Le|Les|L'|Il|Lo|El|Los|Las|Das|Der|Die|Un|Une)$/u;

/** `movie(id)` gives `{ id, title, genres, year }`; unknown ids get a plain title. */
export function createCatalogue(recommender) {
  const known = new Map();
  const movie = (id) => {
    if (!known.has(id)) known.set(id, toMovie(id, recommender.item(id, COLUMNS)?.metadata ?? {}));
    return known.get(id);
  };
  return { movie };
}

function toMovie(id, { TITLE, GENRES, YEAR }) {
  return {
    id,
    title: TITLE ? displayTitle(TITLE) : `Untitled (no. ${id})`,
    genres: GENRES ? GENRES.split('|') : [],
    year: YEAR ? String(YEAR) : '',
  };
}

/** "City of Lost Children, The (Cité des enfants perdus, La)" is "The City of Lost Children". */
export function displayTitle(raw) {
  const short = raw.replace(/(?<=\S)(\s*\([^()]*\))+\s*$/u, '');
  const [, rest, article] = ARTICLE_AT_END.exec(short) ?? [];
  if (article === undefined) return short;
  return article.endsWith("'") ? article + rest : `${article} ${rest}`;
}
