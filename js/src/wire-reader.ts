// Reads JSON that strangers sent: every value is asked for by name and checked on the way out.
import { invalidInput } from './wire-error.js';

export interface TextLimits {
  most: number;
  pattern?: RegExp;
  /** What the pattern wants, for the message. */
  wanted?: string;
}

/** A JSON object. Members that are null count as missing; those not asked for are ignored. */
export class WireReader {
  readonly #path: string;
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(value: unknown, path = '') {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      throw invalidInput(`${path || 'the body'} must be ${path ? 'an' : 'a JSON'} object`);
    }
    this.#path = path;
    this.#object = value as Record<string, unknown>;
  }

  /** A whole body. */
  static of(text: string): WireReader {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw invalidInput('the body is not valid JSON');
    }
    return new WireReader(value);
  }

  pathOf(name: string): string {
    return this.#path ? `${this.#path}.${name}` : name;
  }

  has(name: string): boolean {
    return (this.#own(name) ?? undefined) !== undefined;
  }

  /** A well-formed text of 1 to `most` characters. */
  text(name: string, limits: TextLimits): string | undefined {
    return this.has(name) ? checkedText(this.pathOf(name), this.#own(name), limits) : undefined;
  }

  requiredText(name: string, limits: TextLimits): string {
    return this.text(name, limits) ?? this.#missing(name);
  }

  number(name: string): number | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#own(name);
    if (typeof value !== 'number') throw invalidInput(`${this.pathOf(name)} must be a number`);
    // JSON.parse reads 1e999 as Infinity.
    if (!Number.isFinite(value)) throw invalidInput(`${this.pathOf(name)} is out of range`);
    return value;
  }

  requiredNumber(name: string): number {
    return this.number(name) ?? this.#missing(name);
  }

  /** A whole number within bounds. */
  count(name: string, least: number, most: number): number | undefined {
    const value = this.number(name);
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return value;
    throw invalidInput(`${this.pathOf(name)} must be a whole number from ${least} to ${most}`);
  }

  /** What `read` makes of each entry of a list. */
  list<T>(name: string, most: number, read: (value: unknown, path: string) => T): T[] | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#own(name);
    const path = this.pathOf(name);
    if (!Array.isArray(value)) throw invalidInput(`${path} must be an array`);
    if (!value.length || value.length > most) {
      throw invalidInput(`${path} must hold 1 to ${most} entries, not ${value.length}`);
    }
    return value.map((entry, i) => read(entry, `${path}[${i}]`));
  }

  requiredList<T>(name: string, most: number, read: (value: unknown, path: string) => T): T[] {
    return this.list(name, most, read) ?? this.#missing(name);
  }

  texts(name: string, most: number, limits: TextLimits): string[] | undefined {
    return this.list(name, most, (value, path) => checkedText(path, value, limits));
  }

  /** Objects, each as a reader of its own. */
  objects(name: string, most: number): WireReader[] | undefined {
    return this.list(name, most, (value, path) => new WireReader(value, path));
  }

  object(name: string): WireReader | undefined {
    return this.has(name) ? new WireReader(this.#own(name), this.pathOf(name)) : undefined;
  }

  /** A flat map of texts; the values may be empty. */
  map(name: string, most: number, key: TextLimits, value: TextLimits): Record<string, string> | undefined {
    if (!this.has(name)) return undefined;
    const path = this.pathOf(name);
    const entries = Object.entries(new WireReader(this.#own(name), path).#object);
    if (entries.length > most) throw invalidInput(`${path} has more than ${most} entries`);
    // fromEntries defines keys instead of setting them, so __proto__ is just a key.
    return Object.fromEntries(
      entries.map(([one, text]) => {
        checkedText(`a name in ${path}`, one, key);
        return [one, text === '' ? '' : checkedText(`${path}.${one}`, text, value)];
      }),
    );
  }

  /** A text that holds a JSON object, as Personalize has it for properties. */
  embeddedObject(name: string, most: number): Readonly<Record<string, unknown>> | undefined {
    const text = this.text(name, { most });
    if (text === undefined) return undefined;
    const wanted = invalidInput(`${this.pathOf(name)} must be a JSON object in a string`);
    try {
      const value: unknown = JSON.parse(text);
      if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
        return value as Record<string, unknown>;
      }
    } catch {
      throw wanted;
    }
    throw wanted;
  }

  /** Own members only: a body is not asked for what every object inherits. */
  #own(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }

  #missing(name: string): never {
    throw invalidInput(`${this.pathOf(name)} is missing`);
  }
}

function checkedText(path: string, value: unknown, { most, pattern, wanted }: TextLimits): string {
  if (typeof value !== 'string') throw invalidInput(`${path} must be a string`);
  if (value === '') throw invalidInput(`${path} is empty`);
  if (value.length > most && [...value].length > most) {
    throw invalidInput(`${path} is longer than ${most} characters`);
  }
  if (/[\0\p{Surrogate}]/u.test(value)) throw invalidInput(`${path} is not well-formed text`);
  if (pattern && !pattern.test(value)) throw invalidInput(`${path} must be ${wanted}`);
  return value;
}
