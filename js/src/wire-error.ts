// What went wrong with a request, in the words of Amazon Personalize's errors.
import { AttuneError } from './errors.js';

/** An error as the AWS clients know it: a name of the service's model and an HTTP status. */
export class WireError extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = type;
    this.status = status;
    this.type = type;
  }
}

export function invalidInput(message: string): WireError {
  return new WireError(400, 'InvalidInputException', message);
}

export function notFound(message: string): WireError {
  return new WireError(404, 'ResourceNotFoundException', message);
}

/**
 * Any error as one that may be shown to callers: what they can put right keeps its message, what went
 * wrong inside is not told to strangers.
 */
export function wireErrorOf(error: unknown): WireError {
  if (error instanceof WireError) return error;
  const { code, message } = error as Partial<AttuneError>;
  if (error instanceof AttuneError) {
    if (code === 'INVALID_ARGUMENT' || code === 'INVALID_FILTER') return invalidInput(message!);
    if (code === 'NOT_FOUND') return notFound(message!);
  }
  return new WireError(500, 'InternalServerException', 'the request failed inside; try again', error);
}
