// Fills a <template> with an item: `{itemId}`, `{score}`, `{position}` (from 1) and `{TITLE}`, or any other of the
// bundle's columns, in texts and attributes. Values are text always: what comes from a catalogue makes no markup.
import { AttuneError } from './errors.js';
import type { RecommendedItem } from './types.js';

const kPlaceholder = /\{(\w+)\}/g;
const kOwn = ['itemId', 'score', 'position'];
/** Attributes that hold one address, and those that would run a value as code or markup. */
const kAddress = /^(href|src|action|formaction|poster|data|xlink:href)$/;
const kCode = /^(on.*|srcdoc|style)$/;

function* nodesOf(root: DocumentFragment): Generator<Text | Attr> {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof Text) yield node;
    else yield* [...(node as Element).attributes];
  }
}

/** The columns that a template's placeholders name. */
export function columnsOf(template: HTMLTemplateElement): string[] {
  const names = [...nodesOf(template.content)].flatMap(({ nodeValue }) =>
    [...nodeValue!.matchAll(kPlaceholder)].map(([, name]) => name!));
  return [...new Set(names)].filter((name) => !kOwn.includes(name));
}

/** Error `INVALID_ARGUMENT`: a placeholder is where its value could run. */
export function filled(template: HTMLTemplateElement, item: RecommendedItem, position: number): DocumentFragment {
  // In the template's own document nothing is fetched before the values are in.
  const content = template.content.cloneNode(true) as DocumentFragment;
  const values: Record<string, unknown> = { ...item.metadata, itemId: item.itemId, score: item.score, position };
  const valueOf = (name: string) => String(values[name] ?? '');
  for (const node of [...nodesOf(content)]) {
    const text = node.nodeValue!;
    if (text.search(kPlaceholder) < 0) continue;
    if (node instanceof Text) node.data = text.replace(kPlaceholder, (_, name: string) => valueOf(name));
    else fillAttribute(node, text, valueOf);
  }
  return content;
}

function fillAttribute(attribute: Attr, text: string, valueOf: (name: string) => string): void {
  const name = attribute.name.toLowerCase();
  if (kCode.test(name)) {
    throw new AttuneError('INVALID_ARGUMENT', `template: the attribute ${name} may not hold ${text.match(kPlaceholder)![0]}`);
  }
  if (!kAddress.test(name)) {
    attribute.value = text.replace(kPlaceholder, (_, column: string) => valueOf(column));
    return;
  }
  // A value alone is an address; within one it is a part of the path or the query.
  const alone = /^\{(\w+)\}$/.exec(text);
  const address = alone
    ? valueOf(alone[1]!)
    : text.replace(kPlaceholder, (_, column: string) => encodeURIComponent(valueOf(column)));
  if (address && isWeb(address)) attribute.value = address;
  else attribute.ownerElement!.removeAttribute(attribute.name);
}

function isWeb(address: string): boolean {
  try {
    return /^https?:$/.test(new URL(address, document.baseURI).protocol);
  } catch {
    return false;
  }
}
